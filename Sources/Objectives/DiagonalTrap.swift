/// A valley that signs cannot follow: f = ε |x₁ + x₂| + |x₁ - x₂|.
///
/// CE2, after counterexample 2 of Karimireddy et al., ICML 2019.
///
/// The subgradient is ε s(x₁ + x₂) (1, 1) + s(x₁ - x₂) (1, -1) with s(v) = +1 for v ≥ 0, else -1;
/// there is no noise. As 0 < ε < 1 its sign is always ±(1, -1), so signs without momentum keep
/// x₁ + x₂ for ever, and f ≥ 2 ε from the start (1, 1). Two coordinates a copy. Scratch: none.
///
/// Source: Karimireddy et al., "Error Feedback Fixes SignSGD", ICML 2019, counterexample 2.
public final class DiagonalTrap: ClosedFormObjective {
  /// The named tensors of the parameters.
  public let layout: ParameterLayout
  /// The number of independent repetitions in one vector of parameters.
  public let copies: Int
  /// The slope ε along the valley.
  public let slope: Double
  /// Where each copy starts.
  public let start: SIMD2<Float>

  /// Repetitions of the valley; without noise all are the same.
  ///
  /// - Throws: When the number of copies is not positive or too large.
  /// - Precondition: 0 < `slope` < 1.
  public init(
    slope: Double, copies: Int = 1, start: SIMD2<Float> = SIMD2(1, 1)
  ) throws(ParameterLayoutError) {
    precondition(slope > 0 && slope < 1, "a slope \(slope) outside 0 to 1")
    layout = try ParameterLayout(copies: copies, dimension: 2)
    self.copies = copies
    self.slope = slope
    self.start = start
  }

  /// Writes the start, whatever the seed.
  public func initialize(_ parameters: consuming MutableSpan<Float>, seed: UInt64) {
    precondition(parameters.count == layout.count, "parameters of another layout")
    for index in 0..<parameters.count {
      parameters[index] = start[index % 2]
    }
  }

  /// The loss of one copy, see `ClosedFormObjective`.
  public func value(at parameters: Span<Float>, copy: Int) -> Double {
    let first = coordinates(of: copy, in: parameters).lowerBound
    let (x, y) = (Double(parameters[first]), Double(parameters[first + 1]))
    return slope * abs(x + y) + abs(x - y)
  }

  /// Writes the subgradient, see `ClosedFormObjective`.
  public func exactGradient(
    at parameters: Span<Float>, into gradient: consuming MutableSpan<Float>
  ) {
    check(parameters, gradientCount: gradient.count)
    for first in stride(from: 0, to: gradient.count, by: 2) {
      let (x, y) = (Double(parameters[first]), Double(parameters[first + 1]))
      let along = x + y >= 0 ? slope : -slope
      let across = x - y >= 0 ? 1.0 : -1
      gradient[first] = Float(along + across)
      gradient[first + 1] = Float(along - across)
    }
  }

  /// Writes the subgradient, which has no noise, see `ClosedFormObjective`.
  public func stochasticGradient(
    at parameters: Span<Float>, position: NoisePosition, samples: Int,
    into gradient: consuming MutableSpan<Float>
  ) {
    exactGradient(at: parameters, into: gradient)
  }
}
