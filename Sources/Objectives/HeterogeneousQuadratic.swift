/// A quadratic whose voters have different minima: f = mean over i of (x - a_i)²/2.
///
/// Voter r has the gradient x - a_i with i = r mod the number of targets; there is no noise. The
/// exact objective is the mean over the targets, with its minimum at their mean: Claim T6 of `signum reproduce`,
/// where the deterministic vote goes to the median and the stochastic one to the mean. A run whose
/// number of voters is no multiple of the number of targets has another mean. One coordinate a
/// copy; without noise copies differ by their stochastic signs alone. Scratch: none.
public final class HeterogeneousQuadratic: ClosedFormObjective {
  /// The named tensors of the parameters.
  public let layout: ParameterLayout
  /// The number of repetitions in one vector of parameters.
  public let copies: Int
  /// The minima a_i.
  public let targets: [Double]
  /// Where each copy starts.
  public let start: Float

  /// Repetitions of the quadratic.
  ///
  /// - Throws: When the number of copies is not positive or too large.
  /// - Precondition: There is a target.
  public init(
    targets: [Double] = [0, 0, 10], copies: Int = 1, start: Float = 5
  ) throws(ParameterLayoutError) {
    precondition(!targets.isEmpty, "no targets")
    layout = try ParameterLayout(copies: copies, dimension: 1)
    self.copies = copies
    self.targets = targets
    self.start = start
  }

  /// The place of the minimum: the mean of the targets.
  public var minimum: Double { targets.reduce(0, +) / Double(targets.count) }

  /// Writes the start, whatever the seed.
  public func initialize(_ parameters: consuming MutableSpan<Float>, seed: UInt64) {
    precondition(parameters.count == layout.count, "parameters of another layout")
    StartPoint.value(start).write(to: parameters, seed: seed)
  }

  /// The loss of one copy over all targets, see `ClosedFormObjective`.
  public func value(at parameters: Span<Float>, copy: Int) -> Double {
    let x = Double(parameters[coordinates(of: copy, in: parameters).lowerBound])
    return targets.reduce(0) { $0 + (x - $1) * (x - $1) } / Double(2 * targets.count)
  }

  /// Writes x - the mean of the targets, see `ClosedFormObjective`.
  public func exactGradient(
    at parameters: Span<Float>, into gradient: consuming MutableSpan<Float>
  ) {
    write(gradientTo: minimum, at: parameters, into: gradient)
  }

  /// Writes x - the target of the position's rank, see `ClosedFormObjective`.
  ///
  /// - Precondition: The rank is not negative.
  public func stochasticGradient(
    at parameters: Span<Float>, position: NoisePosition, samples: Int,
    into gradient: consuming MutableSpan<Float>
  ) {
    write(gradientTo: targets[position.rank % targets.count], at: parameters, into: gradient)
  }

  private func write(
    gradientTo target: Double, at parameters: Span<Float>,
    into gradient: consuming MutableSpan<Float>
  ) {
    check(parameters, gradientCount: gradient.count)
    for index in 0..<gradient.count {
      gradient[index] = Float(Double(parameters[index]) - target)
    }
  }
}
