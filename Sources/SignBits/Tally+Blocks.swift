internal import AlignedBuffers

extension Tally {
  /// Decides blocks from ballots that lie anywhere among some words.
  ///
  /// - Parameters:
  ///   - blocks: The numbers of the blocks, which follow each other in every plane. Many in one
  ///     call: a block alone takes longer to begin than to decide.
  ///   - signs: Where the sign plane of the first block starts, for each ballot.
  ///   - masks: Where its mask plane starts, or -1 where the ballot has none in these blocks.
  ///   - words: The words. Planes are 0 behind the last coordinate.
  ///   - rule: What a tie becomes.
  ///   - coins: The coins of the words of the blocks, in whole groups of eight; none where nothing
  ///     ties, or under another rule.
  ///   - verdict: Where the signs of N − S of the blocks go; `hasMask` is only ever set.
  /// - Precondition: All planes lie within `words`.
  /// - Complexity: O(N · words of the blocks); no allocation on the heap.
  public static func decide(
    blocks: Range<Int>, ballotsWithSigns signs: Span<Int>, masks: Span<Int>,
    in words: Span<UInt64>, rule: SignRule, coins: Span<UInt64>, into verdict: inout SignPlanes
  ) {
    var masked = false
    let filled = self.words(of: blocks, in: verdict).count
    for ballot in signs.indices {
      precondition(
        signs[ballot] >= 0 && max(signs[ballot], masks[ballot]) + filled <= words.count,
        "a plane outside the words")
      if masks[ballot] >= 0 { masked = true }
    }
    let decision = Decision(ranks: signs.count, masked: masked, rule: rule)
    unsafe words.withUnsafeBufferPointer { words in
      unsafe signs.withUnsafeBufferPointer { signs in
        unsafe masks.withUnsafeBufferPointer { masks in
          guard let base = words.baseAddress, let signs = signs.baseAddress,
            let masks = masks.baseAddress
          else { return }
          unsafe decision.decide(
            blocks, signs: Planes(words: base, wordCount: words.count, starts: signs),
            masks: Planes(words: base, wordCount: words.count, starts: masks), coins: coins,
            into: &verdict)
        }
      }
    }
  }

  /// Decides one block from tallies that lie anywhere among some words.
  ///
  /// - Parameters:
  ///   - block: The number of the block.
  ///   - tallies: Where each tally of the block starts.
  ///   - masked: Whether each tally has its lowest plane.
  ///   - words: The words.
  ///   - ranks: N, the number of ballots in all tallies together.
  ///   - rule: What a tie becomes.
  ///   - coins: The coins of the words of the block, in whole groups of eight; none where nothing
  ///     ties, or under another rule.
  ///   - verdict: Where the signs of N − S of the block go; `hasMask` is only ever set.
  /// - Precondition: All tallies lie within `words`.
  /// - Complexity: O(words of the tallies); no allocation on the heap.
  public static func decide(
    block: Int, tallies: Span<Int>, masked: Span<Bool>, in words: Span<UInt64>, ranks: Int,
    rule: SignRule, coins: Span<UInt64>, into verdict: inout SignPlanes
  ) {
    let blockWords = planeCount(ranks: ranks, masked: true) * blockPlaneWords
    for tally in tallies.indices {
      precondition(
        tallies[tally] >= 0
          && tallies[tally] + blockWords - (masked[tally] ? 0 : blockPlaneWords) <= words.count,
        "a tally outside the words")
    }
    let decision = Decision(ranks: ranks, masked: true, rule: rule)
    unsafe words.withUnsafeBytes { words in
      guard let words = words.baseAddress else { return }
      unsafe decision.decide(
        block: block, tallies: tallies, masked: masked, in: words, coins: coins, into: &verdict)
    }
  }

  /// The words of a plane that blocks have.
  static func words(of blocks: Range<Int>, in verdict: borrowing SignPlanes) -> Range<Int> {
    let end = min(blocks.upperBound * blockPlaneWords, verdict.wordCount)
    return blocks.lowerBound * blockPlaneWords..<end
  }
}
