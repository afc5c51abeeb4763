/// A slope whose noisy gradient mostly points up: min of x/4 over [-1, 1].
///
/// CE1, after counterexample 1 of Karimireddy et al., ICML 2019.
///
/// A draw of the gradient is +4 with probability 1/4 and -1 with probability 3/4, of mean 1/4:
/// 1/4 and the noise `GradientNoise.skewed`. So the sign of one draw leads to the wrong end +1
/// while the minimum is at -1. The start is 0. One coordinate a copy. Scratch: none.
///
/// Source: Karimireddy et al., "Error Feedback Fixes SignSGD", ICML 2019, counterexample 1.
public final class LinearTrap: ClosedFormObjective {
  /// The named tensors of the parameters.
  public let layout: ParameterLayout
  /// The number of independent repetitions in one vector of parameters.
  public let copies: Int

  /// Independent repetitions of the slope.
  ///
  /// - Throws: When the number of copies is not positive or too large.
  public init(copies: Int = 1) throws(ParameterLayoutError) {
    layout = try ParameterLayout(copies: copies, dimension: 1)
    self.copies = copies
  }

  /// Starts at 0, whatever the seed.
  public func initialize(_ parameters: consuming MutableSpan<Float>, seed: UInt64) {
    precondition(parameters.count == layout.count, "parameters of another layout")
    StartPoint.value(0).write(to: parameters, seed: seed)
  }

  /// The loss of one copy without noise, see `ClosedFormObjective`.
  public func value(at parameters: Span<Float>, copy: Int) -> Double {
    Double(parameters[coordinates(of: copy, in: parameters).lowerBound]) / 4
  }

  /// Writes 1/4, see `ClosedFormObjective`.
  public func exactGradient(
    at parameters: Span<Float>, into gradient: consuming MutableSpan<Float>
  ) {
    check(parameters, gradientCount: gradient.count)
    for index in 0..<gradient.count {
      gradient[index] = 0.25
    }
  }

  /// Writes means of +4 and -1, see `ClosedFormObjective`.
  public func stochasticGradient(
    at parameters: Span<Float>, position: NoisePosition, samples: Int,
    into gradient: consuming MutableSpan<Float>
  ) {
    check(parameters, gradientCount: gradient.count, samples: samples)
    var draws = NoiseDraws(.skewed, position: position, samples: samples, period: 1)
    for index in 0..<gradient.count {
      gradient[index] = Float(0.25 + draws.next())
    }
  }

  /// The parameters lie in [−1, 1].
  public var isConstrained: Bool { true }

  /// Moves each coordinate into [-1, 1]; NaN stays.
  public func project(_ parameters: consuming MutableSpan<Float>) {
    for index in 0..<parameters.count {
      let x = parameters[index]
      parameters[index] = x < -1 ? -1 : x > 1 ? 1 : x
    }
  }
}
