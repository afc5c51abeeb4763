internal import AlignedBuffers

extension Tally {
  /// Decides one block from ballots that lie anywhere among some words.
  ///
  /// - Parameters:
  ///   - block: The number of the block.
  ///   - signs: Where the sign plane of the block starts, for each ballot.
  ///   - masks: Where its mask plane starts, or -1 where the ballot has none in this block.
  ///   - words: The words. Planes are of whole groups of eight words, 0 behind the last coordinate.
  ///   - rule: What a tie becomes.
  ///   - coins: The coins of the words of the block; none where nothing ties, or under another rule.
  ///   - verdict: Where the signs of N − S of the block go; `hasMask` is only ever set.
  /// - Precondition: All planes lie within `words`.
  /// - Complexity: O(N · words of the block); no allocation on the heap.
  public static func decide(
    block: Int, ballotsWithSigns signs: Span<Int>, masks: Span<Int>, in words: Span<UInt64>,
    rule: SignRule, coins: Span<UInt64>, into verdict: inout SignPlanes
  ) {
    var masked = false
    for ballot in masks.indices where masks[ballot] >= 0 { masked = true }
    let ranks = signs.count
    let planes = planeCount(ranks: ranks, masked: masked)
    let groups = groupCount(of: block, in: verdict)
    for ballot in signs.indices {
      precondition(
        signs[ballot] >= 0 && max(signs[ballot], masks[ballot]) + 8 * groups <= words.count,
        "a plane outside the words")
    }
    unsafe withUnsafeBytes(words, coins) { bytes, coins in
      unsafe withUnsafeTemporaryAllocation(of: Lanes.self, capacity: planes) { counts -> Void in
        for group in 0..<groups {
          unsafe counts.initialize(repeating: Lanes(repeating: 0))
          for ballot in 0..<ranks {
            if masks[ballot] >= 0 {
              unsafe increment(lanes(of: bytes, from: masks[ballot] + 8 * group), counts, from: 0)
            }
            unsafe increment(
              lanes(of: bytes, from: signs[ballot] + 8 * group), counts, from: masked ? 1 : 0)
          }
          let outcome = Comparison(ranks: ranks, planes: planes, masked: masked) {
            unsafe counts[$0]
          }
          decide(
            outcome, firstWord: block * blockPlaneWords + 8 * group, rule: rule,
            heads: unsafe lanes(of: coins, from: 8 * group), into: &verdict)
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
  ///   - coins: The coins of the words of the block; none where nothing ties, or under another rule.
  ///   - verdict: Where the signs of N − S of the block go; `hasMask` is only ever set.
  /// - Precondition: All tallies lie within `words`.
  /// - Complexity: O(words of the tallies); no allocation on the heap.
  public static func decide(
    block: Int, tallies: Span<Int>, masked: Span<Bool>, in words: Span<UInt64>, ranks: Int,
    rule: SignRule, coins: Span<UInt64>, into verdict: inout SignPlanes
  ) {
    let planes = planeCount(ranks: ranks, masked: true)
    for tally in tallies.indices {
      precondition(
        tallies[tally] >= 0
          && tallies[tally] + (planes - (masked[tally] ? 0 : 1)) * blockPlaneWords <= words.count,
        "a tally outside the words")
    }
    unsafe withUnsafeBytes(words, coins) { bytes, coins in
      unsafe withUnsafeTemporaryAllocation(of: Lanes.self, capacity: planes) { counts -> Void in
        for group in 0..<groupCount(of: block, in: verdict) {
          unsafe counts.initialize(repeating: Lanes(repeating: 0))
          for tally in tallies.indices {
            let first = tallies[tally] + 8 * group
            unsafe add(bytes, firstWord: first, to: counts, from: masked[tally] ? 0 : 1)
          }
          let outcome = Comparison(ranks: ranks, planes: planes, masked: true) {
            unsafe counts[$0]
          }
          decide(
            outcome, firstWord: block * blockPlaneWords + 8 * group, rule: rule,
            heads: unsafe lanes(of: coins, from: 8 * group), into: &verdict)
        }
      }
    }
  }

  private static func withUnsafeBytes(
    _ words: Span<UInt64>, _ coins: Span<UInt64>,
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
  ) {
    unsafe words.withUnsafeBytes { words in
      unsafe coins.withUnsafeBytes { coins in unsafe body(words, coins) }
    }
  }

  /// The groups of eight words of a block.
  private static func groupCount(of block: Int, in verdict: borrowing SignPlanes) -> Int {
    let words = min(blockPlaneWords, verdict.wordCount - block * blockPlaneWords)
    return (words + Lanes.scalarCount - 1) / Lanes.scalarCount
  }
}
