internal import CounterRandom

/// Where a closed-form objective starts.
public enum StartPoint: Sendable, Hashable {
  /// `scale` times a standard normal number in each coordinate i: `normal(at: i)` of the stream
  /// (seed, `initialization`, 0).
  case normal(scale: Double)
  /// The same value in every coordinate.
  case value(Float)

  /// Writes the start.
  func write(to parameters: consuming MutableSpan<Float>, seed: UInt64) {
    switch self {
    case .normal(let scale):
      let stream = RandomStream(seed: seed, purpose: .initialization)
      for index in 0..<parameters.count {
        parameters[index] = Float(scale * stream.normal(at: index))
      }
    case .value(let value):
      for index in 0..<parameters.count {
        parameters[index] = value
      }
    }
  }
}
