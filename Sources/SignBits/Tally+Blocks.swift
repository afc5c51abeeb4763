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

  /// The words of a plane that blocks have.
  static func words(of blocks: Range<Int>, in verdict: borrowing SignPlanes) -> Range<Int> {
    let end = min(blocks.upperBound * blockPlaneWords, verdict.wordCount)
    return blocks.lowerBound * blockPlaneWords..<end
  }
}
