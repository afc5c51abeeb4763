internal import CounterRandom

/// The fair coins that decide ties under `SignRule.fair`.
///
/// The coin of coordinate i is bit i mod 64 of word i div 64 of the stream (seed, `tieBreak`,
/// owner 0, step div 16); 1 is negative. Whoever tallies a coordinate draws the same coin. A coin
/// is held for 16 steps, since verdicts that change less often need fewer bits when coded.
public struct TieCoins: Sendable {
  /// How many steps a coin is held.
  public static let heldSteps = 16

  private let stream: RandomStream

  /// The coins of a step of a run.
  public init(seed: UInt64, step: Int) {
    stream = RandomStream(seed: seed, purpose: .tieBreak, step: step / Self.heldSteps)
  }

  /// The coins of the coordinates of a word.
  public func word(at index: Int) -> UInt64 { stream.word(at: index) }
}

extension TieCoins {
  /// The coins of many words: the same as `word(at:)` one by one, eight blocks of random bits at a
  /// time.
  ///
  /// - Parameters:
  ///   - firstWord: The first word, a multiple of sixteen.
  ///   - words: A multiple of sixteen words, all written.
  /// - Precondition: Both are multiples of sixteen, and the last word lies below 2^45. Traps
  ///   otherwise.
  /// - Complexity: O(words).
  public func write(from firstWord: Int, into words: consuming MutableSpan<UInt64>) {
    precondition(
      firstWord % 16 == 0 && words.count % 16 == 0,
      "\(words.count) words from \(firstWord) on are not whole groups of sixteen")
    unsafe words.withUnsafeMutableBytes { bytes in
      for offset in stride(from: 0, to: bytes.count, by: 128) {
        let halves = stream.eightBlocks(at: (firstWord + offset / 8) / 2)
        unsafe bytes.storeBytes(of: halves, toByteOffset: offset, as: SIMD32<UInt32>.self)
      }
    }
  }
}
