internal import AlignedBuffers

extension Tally {
  /// Decides a vote from its tally.
  ///
  /// - Parameters:
  ///   - tally: The sum of the tallies of all ballots.
  ///   - ranks: N, the number of ballots.
  ///   - masked: Whether the lowest plane is there.
  ///   - rule: What a tie becomes.
  ///   - coins: The coins of this step.
  ///   - verdict: The signs of N − S.
  /// - Complexity: O(words of the tally); no allocation.
  public static func verdict(
    of tally: Span<UInt64>, ranks: Int, masked: Bool, rule: SignRule, coins: TieCoins,
    into verdict: inout SignPlanes
  ) {
    precondition(
      tally.count == wordCount(coordinates: verdict.count, ranks: ranks, masked: masked),
      "a tally of another vote")
    self.verdict(
      ofTallies: tally, firstWord: 0, stride: 0, count: 1, ranks: ranks, masked: masked,
      rule: rule, coins: coins, into: &verdict)
  }

  /// Decides blocks of a vote from the sum of one message of each rank and the own message.
  ///
  /// - Parameters:
  ///   - blocks: The numbers of the blocks.
  ///   - sum: The sum of all messages, of `sharedPlaneCount(ranks:masked:)` planes where each is a
  ///     ballot, with all planes where any is a tally of several.
  ///   - own: One of the messages, as it was before.
  ///   - planes: The planes of both.
  ///   - ranks: N, the number of ballots.
  ///   - masked: Whether the lowest plane is there.
  ///   - rule: What a tie becomes.
  ///   - coins: The coins of the words of the blocks, in whole groups of eight; none where nothing
  ///     ties, or under another rule.
  ///   - verdict: Where the signs of N − S of the blocks go; `hasMask` is only ever set.
  /// - Complexity: O(words of the sum); no allocation.
  public static func decide(
    blocks: Range<Int>, ofSum sum: Span<UInt64>, own: Span<UInt64>, planes: Int, ranks: Int,
    masked: Bool, rule: SignRule, coins: Span<UInt64>, into verdict: inout SignPlanes
  ) {
    precondition(
      sum.count == blocks.count * planes * blockPlaneWords && own.count == sum.count,
      "a tally of another vote")
    let decision = Decision(ranks: ranks, masked: masked, rule: rule)
    unsafe sum.withUnsafeBufferPointer { sum in
      unsafe own.withUnsafeBufferPointer { own in
        guard let sum = sum.baseAddress, let own = own.baseAddress else { return }
        unsafe decision.decide(
          blocks, sum: sum, own: own, planes: planes, coins: coins, into: &verdict)
      }
    }
  }

  /// Decides a vote from the ballots of all ranks.
  ///
  /// - Parameters:
  ///   - ballots: The ballots one after the other, each of sign plane and, with `masked`, mask
  ///     plane.
  ///   - firstWord: Where the first sign plane starts.
  ///   - stride: The words from one ballot to the next.
  ///   - ranks: N, the number of ballots.
  ///   - masked: Whether there are mask planes.
  ///   - rule: What a tie becomes.
  ///   - coins: The coins of this step.
  ///   - verdict: The signs of N − S.
  /// - Complexity: O(N · words of a plane); no allocation on the heap.
  public static func verdict(
    ofBallots ballots: Span<UInt64>, firstWord: Int, stride: Int, ranks: Int, masked: Bool,
    rule: SignRule, coins: TieCoins, into verdict: inout SignPlanes
  ) {
    let words = verdict.wordCount
    precondition(
      firstWord + (ranks - 1) * stride + (masked ? 2 : 1) * words <= ballots.count,
      "fewer ballots than ranks")
    let tosses = Decision(ranks: ranks, masked: masked, rule: rule).tosses
    unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * ranks) { starts -> Void in
      unsafe starts.initialize(repeating: -1)
      verdict.clearMask()
      forEachBlock(of: verdict.count, coins: tosses ? coins : nil) { block, coins in
        for rank in 0..<ranks {
          let start = firstWord + rank * stride + block * blockPlaneWords
          unsafe starts[rank] = start
          if masked { unsafe starts[ranks + rank] = start + words }
        }
        let starts = unsafe Span(_unsafeElements: UnsafeBufferPointer(starts))
        decide(
          blocks: block..<block + 1, ballotsWithSigns: starts.extracting(first: ranks),
          masks: starts.extracting(last: ranks), in: ballots, rule: rule, coins: coins,
          into: &verdict)
      }
    }
  }

  /// Decides a vote from several tallies.
  ///
  /// - Parameters:
  ///   - tallies: The tallies one after the other.
  ///   - firstWord: Where the first one starts.
  ///   - stride: The words from one tally to the next.
  ///   - count: The number of tallies.
  ///   - ranks: N, the number of ballots in all tallies together.
  ///   - masked: Whether the lowest plane is there.
  ///   - rule: What a tie becomes.
  ///   - coins: The coins of this step.
  ///   - verdict: The signs of N − S.
  /// - Complexity: O(words of the tallies); no allocation on the heap.
  public static func verdict(
    ofTallies tallies: Span<UInt64>, firstWord: Int, stride: Int, count: Int, ranks: Int,
    masked: Bool, rule: SignRule, coins: TieCoins, into verdict: inout SignPlanes
  ) {
    let words = wordCount(coordinates: verdict.count, ranks: ranks, masked: masked)
    precondition(
      firstWord + (count - 1) * stride + words <= tallies.count, "fewer tallies than that")
    let blockWords = planeCount(ranks: ranks, masked: masked) * blockPlaneWords
    let decision = Decision(ranks: ranks, masked: masked, rule: rule)
    unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: count) { starts -> Void in
      unsafe withUnsafeTemporaryAllocation(of: Bool.self, capacity: count) { hasLowest -> Void in
        unsafe hasLowest.initialize(repeating: masked)
        verdict.clearMask()
        forEachBlock(of: verdict.count, coins: decision.tosses ? coins : nil) { block, coins in
          for tally in 0..<count {
            unsafe starts.initializeElement(
              at: tally, to: firstWord + tally * stride + block * blockWords)
          }
          unsafe tallies.withUnsafeBytes { bytes in
            guard let bytes = bytes.baseAddress else { return }
            unsafe decision.decide(
              block: block, tallies: Span(_unsafeElements: UnsafeBufferPointer(starts)),
              masked: Span(_unsafeElements: UnsafeBufferPointer(hasLowest)), in: bytes,
              coins: coins, into: &verdict)
          }
        }
      }
    }
  }

  /// Goes through the blocks of so many coordinates with their coins, drawn where any are given.
  private static func forEachBlock(
    of coordinates: Int, coins: TieCoins?, _ body: (_ block: Int, _ coins: Span<UInt64>) -> Void
  ) {
    let room = coins == nil ? 0 : blockPlaneWords
    unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: room) { drawn -> Void in
      unsafe drawn.initialize(repeating: 0)
      for block in 0..<blockCount(coordinates: coordinates) {
        coins?.write(
          from: block * blockPlaneWords, into: unsafe MutableSpan(_unsafeElements: drawn))
        body(block, unsafe Span(_unsafeElements: UnsafeBufferPointer(drawn)))
      }
    }
  }
}
