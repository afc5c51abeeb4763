/// The exponential moving average of gradients, coordinate by coordinate.
///
/// m ← fl(fl(θ·m) + fl((1−θ)·g)), with 1−θ formed in Double and rounded once, and no contraction
/// into fused multiply-adds. A result below the smallest normal Float32 becomes +0: otherwise a
/// coordinate whose gradient has died would vote for ever on a denormal. A coordinate whose
/// gradient is NaN or infinite keeps its momentum; a sum that overflows becomes the largest number
/// of its sign, so a momentum is always finite. From zero, without bias correction.
///
/// θ is `momentum`. Sun et al., ICML 2023, write m^t = θ m^{t−1} + (1−θ) g^t.
public struct MomentumAverage: Sendable {
  /// θ in Float32.
  public let past: Float
  /// 1−θ in Float32.
  public let present: Float

  /// An average with the weight θ of the past.
  ///
  /// - Precondition: θ lies in [0, 1).
  public init(momentum: Double) {
    precondition(momentum >= 0 && momentum < 1, "a momentum of \(momentum) is outside [0, 1)")
    past = Float(momentum)
    present = Float(1 - momentum)
  }

  /// The next momentum of one coordinate: the definition that the fused pass is tested against.
  public func next(_ momentum: Float, gradient: Float) -> Float {
    guard gradient.isFinite else { return momentum }
    let old = past * momentum
    let new = present * gradient
    let sum = old + new
    guard sum.magnitude >= .leastNormalMagnitude else { return 0 }
    return min(max(sum, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
  }
}

/// Whether all values of a range are finite.
///
/// - Precondition: `range` lies within the values.
public func isFinite(_ values: Span<Float>, in range: Range<Int>) -> Bool {
  for index in range where !values[index].isFinite { return false }
  return true
}
