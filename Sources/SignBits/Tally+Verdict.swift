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

  /// Decides a vote from the sum of one message of each rank and the own message.
  ///
  /// - Parameters:
  ///   - sum: The sum of all messages, of `sharedPlaneCount(ranks:masked:)` planes where each is a
  ///     ballot, with all planes where any is a tally of several.
  ///   - own: One of the messages, as it was before.
  ///   - planes: The planes of both.
  ///   - ranks: N, the number of ballots.
  ///   - masked: Whether the lowest plane is there.
  ///   - rule: What a tie becomes.
  ///   - coins: The coins of all words, in whole blocks; none where nothing ties, or under another
  ///     rule.
  ///   - verdict: The signs of N − S.
  /// - Complexity: O(words of the sum); no allocation.
  public static func verdict(
    ofSum sum: Span<UInt64>, own: Span<UInt64>, planes: Int, ranks: Int, masked: Bool,
    rule: SignRule, coins: Span<UInt64>, into verdict: inout SignPlanes
  ) {
    let blockWords = planes * blockPlaneWords
    let blocks = blockCount(coordinates: verdict.count)
    precondition(
      sum.count == blocks * blockWords && own.count == sum.count, "a tally of another vote")
    let decision = Decision(ranks: ranks, masked: masked, rule: rule)
    verdict.clearMask()
    unsafe sum.withUnsafeBufferPointer { sum in
      unsafe own.withUnsafeBufferPointer { own in
        guard let sum = sum.baseAddress, let own = own.baseAddress else { return }
        for block in 0..<blocks {
          let first = unsafe sum + block * blockWords
          let signs = unsafe own + block * blockWords + (masked ? blockPlaneWords : 0)
          let words = block * blockPlaneWords..<(block + 1) * blockPlaneWords
          decision.each(
            of: block, coins: decision.tosses ? coins.extracting(words) : coins, into: &verdict
          ) { group, comparison in
            // Where all planes are 0 all ballots are alike, so that the own one tells the highest.
            var any = Lanes(repeating: 0)
            for plane in 0..<planes {
              let bits = unsafe first.lanes(at: plane &* blockPlaneWords &+ 8 &* group)
              any |= bits
              comparison.add(bits, plane: plane)
            }
            unsafe comparison.add(signs.lanes(at: 8 &* group) & ~any, plane: planes)
          }
        }
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
          block: block, ballotsWithSigns: starts.extracting(first: ranks),
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
