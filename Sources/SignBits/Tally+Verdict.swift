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
    let blockWords = planeCount(ranks: ranks, masked: masked) * blockPlaneWords
    verdict.clearMask()
    let room = rule == .fair ? blockPlaneWords : 0
    unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: room) { drawn -> Void in
      unsafe drawn.initialize(repeating: 0)
      for block in 0..<blockCount(coordinates: verdict.count) {
        if rule == .fair {
          coins.write(
            from: block * blockPlaneWords, into: unsafe MutableSpan(_unsafeElements: drawn))
        }
        let part: InlineArray<1, Part> = [
          .tally(at: block * blockWords, ranks: ranks, masked: masked)
        ]
        decide(
          block: block, parts: part.span, in: tally, ranks: ranks, rule: rule,
          coins: unsafe Span(_unsafeElements: UnsafeBufferPointer(drawn)), into: &verdict)
      }
    }
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
}
