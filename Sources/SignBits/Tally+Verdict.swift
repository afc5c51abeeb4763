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
    let planes = planeCount(ranks: ranks, masked: masked)
    precondition(
      tally.count == wordCount(coordinates: verdict.count, ranks: ranks, masked: masked),
      "a tally of another vote")
    verdict.hasMask = false
    unsafe tally.withUnsafeBytes { bytes in
      for first in stride(from: 0, to: verdict.wordCount, by: Lanes.scalarCount) {
        let block = first / blockPlaneWords
        let base = block * planes * blockPlaneWords + first % blockPlaneWords
        let outcome = Comparison(ranks: ranks, planes: planes, masked: masked) { plane in
          unsafe bytes.loadUnaligned(
            fromByteOffset: (base + plane * blockPlaneWords) * MemoryLayout<UInt64>.size,
            as: Lanes.self)
        }
        decide(outcome, firstWord: first, rule: rule, coins: coins, into: &verdict)
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
    let planes = planeCount(ranks: ranks, masked: masked)
    verdict.hasMask = false
    unsafe withUnsafeTemporaryAllocation(of: Lanes.self, capacity: planes) { counts -> Void in
      for first in Swift.stride(from: 0, to: words, by: Lanes.scalarCount) {
        unsafe counts.initialize(repeating: Lanes(repeating: 0))
        let filled = min(Lanes.scalarCount, words - first)
        for rank in 0..<ranks {
          let base = firstWord + rank * stride + first
          if masked {
            unsafe increment(load(ballots, at: base + words, filled), counts, from: 0)
          }
          unsafe increment(load(ballots, at: base, filled), counts, from: masked ? 1 : 0)
        }
        let outcome = Comparison(ranks: ranks, planes: planes, masked: masked) {
          unsafe counts[$0]
        }
        decide(outcome, firstWord: first, rule: rule, coins: coins, into: &verdict)
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
    let planes = planeCount(ranks: ranks, masked: masked)
    let words = wordCount(coordinates: verdict.count, ranks: ranks, masked: masked)
    precondition(
      firstWord + (count - 1) * stride + words <= tallies.count, "fewer tallies than that")
    verdict.hasMask = false
    unsafe tallies.withUnsafeBytes { bytes in
      unsafe withUnsafeTemporaryAllocation(of: Lanes.self, capacity: planes) { counts -> Void in
        for first in Swift.stride(from: 0, to: verdict.wordCount, by: Lanes.scalarCount) {
          let block = first / blockPlaneWords
          let word = firstWord + block * planes * blockPlaneWords + first % blockPlaneWords
          unsafe counts.initialize(repeating: Lanes(repeating: 0))
          for tally in 0..<count {
            unsafe add(bytes, firstWord: word + tally * stride, to: counts, from: 0)
          }
          let outcome = Comparison(ranks: ranks, planes: planes, masked: masked) {
            unsafe counts[$0]
          }
          decide(outcome, firstWord: first, rule: rule, coins: coins, into: &verdict)
        }
      }
    }
  }

  private static func load(_ words: Span<UInt64>, at first: Int, _ filled: Int) -> Lanes {
    var lanes = Lanes(repeating: 0)
    for lane in 0..<filled { lanes[lane] = words[first + lane] }
    return lanes
  }

  /// Adds one bit to each count, from a plane on.
  static func increment(
    _ bits: Lanes, _ counts: UnsafeMutableBufferPointer<Lanes>, from plane: Int
  ) {
    var carry = bits
    for plane in plane..<counts.count {
      let sum = unsafe counts[plane] ^ carry
      carry &= unsafe counts[plane]
      unsafe counts[plane] = sum
    }
  }

  /// Adds eight words of each plane of a tally to the counts, from a plane on.
  static func add(
    _ tally: UnsafeRawBufferPointer, firstWord: Int,
    to counts: UnsafeMutableBufferPointer<Lanes>, from lowestPlane: Int
  ) {
    var carry = Lanes(repeating: 0)
    for plane in lowestPlane..<counts.count {
      let word = firstWord + (plane - lowestPlane) * blockPlaneWords
      let bits = unsafe tally.loadUnaligned(
        fromByteOffset: word * MemoryLayout<UInt64>.size, as: Lanes.self)
      let half = unsafe counts[plane] ^ bits
      let both = unsafe counts[plane] & bits
      unsafe counts[plane] = half ^ carry
      carry = both | (half & carry)
    }
  }

  /// Writes the outcome of eight words.
  private static func decide(
    _ outcome: Comparison, firstWord: Int, rule: SignRule, coins: TieCoins,
    into verdict: inout SignPlanes
  ) {
    let heads =
      rule == .fair
      ? heads(coins, outcome.isEqual, firstWord: firstWord) : Lanes(repeating: 0)
    decide(outcome, firstWord: firstWord, rule: rule, heads: heads, into: &verdict)
  }

  /// Writes the outcome of eight words whose ties are negative where a coin shows heads.
  static func decide(
    _ outcome: Comparison, firstWord: Int, rule: SignRule, heads: Lanes,
    into verdict: inout SignPlanes
  ) {
    let negative = outcome.isGreater | (outcome.isEqual & heads)
    let masked = rule == .exact ? outcome.isEqual : Lanes(repeating: 0)
    var anyMask: UInt64 = 0
    unsafe verdict.withUnsafeWords { signs, masks in
      for lane in 0..<min(Lanes.scalarCount, signs.count - firstWord) {
        unsafe signs[firstWord + lane] = negative[lane]
        unsafe masks[firstWord + lane] = masked[lane]
        anyMask |= masked[lane]
      }
    }
    if anyMask != 0 { verdict.hasMask = true }
  }

  /// The coins of eight words; 0 where neither of two words has a tie.
  private static func heads(_ coins: TieCoins, _ tied: Lanes, firstWord: Int) -> Lanes {
    var heads = Lanes(repeating: 0)
    for pair in 0..<Lanes.scalarCount / 2 where tied[2 * pair] | tied[2 * pair + 1] != 0 {
      (heads[2 * pair], heads[2 * pair + 1]) = coins.words(atPair: firstWord / 2 + pair)
    }
    return heads
  }

  /// Where counts are greater than N and where they equal it.
  ///
  /// Bits behind the last coordinate count 0, which is less than N: they stay 0.
  struct Comparison {
    var isGreater = Lanes(repeating: 0)
    var isEqual = Lanes(repeating: .max)

    /// Compares from the highest plane down.
    init(ranks: Int, planes: Int, masked: Bool, _ plane: (Int) -> Lanes) {
      let lowestBit = masked ? 0 : 1
      for index in stride(from: planes - 1, through: 0, by: -1) {
        let bits = plane(index)
        if ranks >> (index + lowestBit) & 1 == 1 {
          isEqual &= bits
        } else {
          isGreater |= isEqual & bits
          isEqual &= ~bits
        }
      }
      // Even counts never equal an odd N, and are greater only by a higher bit.
      if !masked, ranks & 1 == 1 { isEqual = Lanes(repeating: 0) }
    }
  }
}
