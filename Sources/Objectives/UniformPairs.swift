internal import CounterRandom

/// Pairs of uniform numbers from a row of blocks of the generator, eight blocks at a time.
///
/// Pair i is `uniform(at: 2 i)` and `uniform(at: 2 i + 1)` of the position's stream, to the bit:
/// both lie in block i.
struct UniformPairs {
  private let stream: RandomStream
  private var words: [32 of UInt32] = .init(repeating: 0)
  private var index = 0

  /// The pairs from 0.
  init(_ position: NoisePosition) {
    stream = position.stream
  }

  /// The next pair.
  mutating func next() -> (first: Double, second: Double) {
    let place = index & 7
    if place == 0 {
      words = unsafe unsafeBitCast(stream.eightBlocks(at: index), to: [32 of UInt32].self)
    }
    index += 1
    return (uniform(4 * place), uniform(4 * place + 2))
  }

  private func uniform(_ place: Int) -> Double {
    let word = UInt64(words[place]) | UInt64(words[place + 1]) << 32
    return Double(word >> 11) * 0x1p-53
  }
}
