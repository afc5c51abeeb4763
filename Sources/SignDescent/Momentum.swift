/// The exponential moving average of gradients, coordinate by coordinate.
///
/// m ← fl(fl(θ·m) + fl((1−θ)·g)), with 1−θ formed in Double and rounded once, and no contraction
/// into fused multiply-adds. A result below the smallest normal Float32 becomes +0: otherwise a
/// coordinate whose gradient has died would vote for ever on a denormal. A coordinate whose
/// gradient is NaN or infinite keeps its momentum; a sum that overflows becomes the largest number
/// of its sign, so a momentum is always finite. From zero, without bias correction.
///
/// θ is `momentum`. Sun et al., ICML 2023, write m^t = θ m^{t−1} + (1−θ) g^t.
///
/// - Assumptions: A Lipschitz gradient and noise of bounded variance, for sign(m) on one node: no
///   bound on the gradient, no symmetry or single mode of the noise, and any batch size.
/// - Rate: With 1−θ = T^(−1/2) and γ = T^(−3/4) the mean of ‖∇f‖₁ over T steps is O(d·T^(−1/4));
///   with γ = d^(−1/2)·T^(−3/4) it is O(d^(1/2)·T^(−1/4)). The majority vote of equal data has the
///   same; of differing data its error does not vanish.
/// - Memory: 4 bytes per parameter.
/// - Reference: Sun, Wang, Li, Wang, "Momentum Ensures Convergence of SIGNSGD under Weaker
///   Assumptions", ICML 2023; Bernstein, Zhao, Azizzadenesheli, Anandkumar, "signSGD with Majority
///   Vote is Communication Efficient and Fault Tolerant", ICLR 2019, algorithm 1.
public struct MomentumAverage: Sendable {
  /// θ in Float32.
  public let past: Float
  /// 1−θ in Float32.
  public let present: Float

  /// An average with the weight θ of the past.
  ///
  /// A negative weight is no method: it lets an experiment show that the sign of θ matters.
  ///
  /// - Precondition: θ lies in (−1, 1).
  public init(momentum: Double) {
    precondition(momentum > -1 && momentum < 1, "a momentum of \(momentum) is outside (-1, 1)")
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

extension MomentumAverage {
  /// The next momenta of 16 coordinates, without what the definition does with exceptions.
  @inline(__always)
  func next(_ momentum: SIMD16<Float>, gradient: SIMD16<Float>) -> SIMD16<Float> {
    let old = past * momentum
    let new = present * gradient
    return old + new
  }
}

/// Whether all values of a range are finite.
///
/// - Precondition: `range` lies within the values.
public func isFinite(_ values: Span<Float>, in range: Range<Int>) -> Bool {
  for index in range where !values[index].isFinite { return false }
  return true
}
