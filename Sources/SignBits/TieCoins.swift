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
  private let seed: UInt64
  private let held: UInt64

  /// The coins of a step of a run.
  public init(seed: UInt64, step: Int) {
    stream = RandomStream(seed: seed, purpose: .tieBreak, step: step / Self.heldSteps)
    self.seed = seed
    held = UInt64(step / Self.heldSteps)
  }

  /// The coins of words 2`pair` and 2`pair` + 1, which one block of random bits holds.
  @inline(__always)
  func words(atPair pair: Int) -> (UInt64, UInt64) {
    let block = stream.block(at: pair)
    return (
      UInt64(block.x) | UInt64(block.y) << 32, UInt64(block.z) | UInt64(block.w) << 32
    )
  }

  /// The coins of the coordinates of a word.
  public func word(at index: Int) -> UInt64 { stream.word(at: index) }
}

extension TieCoins {
  /// The coins of many words: the same as `word(at:)` one by one, eight blocks of random bits at a
  /// time.
  ///
  /// - Parameters:
  ///   - firstWord: The first word, even.
  ///   - words: A multiple of sixteen words, all written.
  /// - Precondition: `firstWord` is even and not negative, the last word lies below 2^45, and the
  ///   count is a multiple of sixteen. Traps otherwise.
  /// - Complexity: O(words).
  public func write(from firstWord: Int, into words: consuming MutableSpan<UInt64>) {
    precondition(firstWord >= 0 && firstWord % 2 == 0, "words come in pairs")
    precondition(words.count % 16 == 0, "\(words.count) words are not whole groups of sixteen")
    precondition(firstWord + words.count <= 1 << 45, "words outside the stream")
    for first in stride(from: 0, to: words.count, by: 16) {
      let blocks =
        SIMD8(repeating: UInt64((firstWord + first) / 2)) &+ SIMD8(0, 1, 2, 3, 4, 5, 6, 7)
      let (low, high) = draw(blocks)
      for lane in 0..<8 {
        words[first + 2 * lane] = low[lane]
        words[first + 2 * lane + 1] = high[lane]
      }
    }
  }

  /// Eight blocks of Philox4x32-10 with the counters and the key that `RandomStream` documents, each
  /// as its two words.
  @inline(__always)
  private func draw(_ blocks: SIMD8<UInt64>) -> (SIMD8<UInt64>, SIMD8<UInt64>) {
    let low = SIMD8<UInt64>(repeating: 0xFFFF_FFFF)
    let last = UInt64(RandomPurpose.tieBreak.rawValue) << 24 | held >> 32
    var x = blocks & low
    var y = SIMD8(repeating: held) & low
    var z = SIMD8<UInt64>(repeating: 0)
    var w = ((blocks &>> 32) &<< 12) | SIMD8(repeating: last)
    var (first, second) = (seed & 0xFFFF_FFFF, seed >> 32)
    for _ in 0..<10 {
      let a = x &* SIMD8(repeating: 0xD251_1F53)
      let b = z &* SIMD8(repeating: 0xCD9E_8D57)
      (x, y) = ((b &>> 32) ^ y ^ SIMD8(repeating: first), b & low)
      (z, w) = ((a &>> 32) ^ w ^ SIMD8(repeating: second), a & low)
      first = (first &+ 0x9E37_79B9) & 0xFFFF_FFFF
      second = (second &+ 0xBB67_AE85) & 0xFFFF_FFFF
    }
    return (x | y &<< 32, z | w &<< 32)
  }
}
