internal import CounterRandom

/// Lengths around the edges of bytes, words, vectors and blocks.
public let edgeCounts = [0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 128, 129]

/// Random numbers for tests, the same for a seed on every machine.
public struct Dice {
  private let stream: RandomStream
  private var position = 0

  /// Numbers of a seed.
  public init(seed: Int) {
    stream = RandomStream(seed: UInt64(seed), purpose: .gradientNoise)
  }

  /// A number in 0..<`bound`.
  public mutating func roll(_ bound: Int) -> Int {
    position += 1
    return stream.below(bound, at: position)
  }
}
