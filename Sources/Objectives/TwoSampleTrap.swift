internal import CounterRandom

/// Least squares over two samples whose gradients have opposite signs.
///
/// CE3, after counterexample 3 of Karimireddy et al., ICML 2019.
///
/// f = ⟨a₁, x⟩² + ⟨a₂, x⟩² with a₁ = (1, -1) + ε (1, 1) and a₂ = -(1, -1) + ε (1, 1), 0 < ε < 1.
/// A draw of the gradient takes one of the terms, each with probability 1/2, as 4 ⟨a, x⟩ a, so
/// that the mean is the gradient of f. Its sign is always ±(1, -1), so signs without momentum keep
/// x₁ + x₂ for ever: f = 8 s² + 8 ε² ≥ 8 ε² at (1 + s, 1 - s), from the start (1, 1). Two
/// coordinates a copy. Scratch: none.
///
/// To the bit: the mean of B draws is fl(p g₁ + (1 - p) g₂), formed in Double, with p the share of
/// ones among the bits c B up to (c + 1) B of the stream (seed, `gradientNoise`, rank, step) for
/// copy c: bit k is bit k mod 64 of word k div 64.
///
/// Source: Karimireddy et al., "Error Feedback Fixes SignSGD", ICML 2019, counterexample 3.
public final class TwoSampleTrap: ClosedFormObjective {
  /// The named tensors of the parameters.
  public let layout: ParameterLayout
  /// The number of independent repetitions in one vector of parameters.
  public let copies: Int
  /// The part ε that the samples have in common.
  public let common: Double
  /// Where each copy starts.
  public let start: SIMD2<Float>

  /// Independent repetitions of the problem.
  ///
  /// - Throws: When the number of copies is not positive or too large.
  /// - Precondition: 0 < `common` < 1.
  public init(
    common: Double, copies: Int = 1, start: SIMD2<Float> = SIMD2(1, 1)
  ) throws(ParameterLayoutError) {
    precondition(common > 0 && common < 1, "a common part \(common) outside 0 to 1")
    layout = try ParameterLayout(copies: copies, dimension: 2)
    self.copies = copies
    self.common = common
    self.start = start
  }

  /// Writes the start, whatever the seed.
  public func initialize(_ parameters: consuming MutableSpan<Float>, seed: UInt64) {
    precondition(parameters.count == layout.count, "parameters of another layout")
    for index in 0..<parameters.count {
      parameters[index] = start[index % 2]
    }
  }

  /// The loss of one copy without noise, see `ClosedFormObjective`.
  public func value(at parameters: Span<Float>, copy: Int) -> Double {
    let products = products(at: parameters, coordinates(of: copy, in: parameters).lowerBound)
    return (products * products).sum()
  }

  /// Writes the gradient of both terms, see `ClosedFormObjective`.
  public func exactGradient(
    at parameters: Span<Float>, into gradient: consuming MutableSpan<Float>
  ) {
    check(parameters, gradientCount: gradient.count)
    for first in stride(from: 0, to: gradient.count, by: 2) {
      let sum = mean(of: products(at: parameters, first), share: 0.5)
      gradient[first] = Float(sum.x)
      gradient[first + 1] = Float(sum.y)
    }
  }

  /// Writes the mean of some of the terms' gradients, see `ClosedFormObjective`.
  public func stochasticGradient(
    at parameters: Span<Float>, position: NoisePosition, samples: Int,
    into gradient: consuming MutableSpan<Float>
  ) {
    check(parameters, gradientCount: gradient.count, samples: samples)
    var coins = RandomEvents(.half, stream: position.stream)
    for first in stride(from: 0, to: gradient.count, by: 2) {
      let share = Double(coins.count(of: samples)) / Double(samples)
      let mean = mean(of: products(at: parameters, first), share: share)
      gradient[first] = Float(mean.x)
      gradient[first + 1] = Float(mean.y)
    }
  }

  /// ⟨a₁, x⟩ and ⟨a₂, x⟩.
  private func products(at parameters: Span<Float>, _ first: Int) -> SIMD2<Double> {
    let (x, y) = (Double(parameters[first]), Double(parameters[first + 1]))
    let along = common * (x + y)
    return SIMD2(along + (x - y), along - (x - y))
  }

  /// `share` of the first term's gradient, the rest of the second's.
  private func mean(of products: SIMD2<Double>, share: Double) -> SIMD2<Double> {
    let one = 4 * share * products.x
    let other = 4 * (1 - share) * products.y
    let along = common * (one + other)
    return SIMD2(along + (one - other), along - (one - other))
  }
}
