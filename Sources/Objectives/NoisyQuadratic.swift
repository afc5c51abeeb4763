internal import Foundation

/// A quadratic with gradient noise: f(x) = ½ Σ λ_i x_i² in each copy.
///
/// The stochastic gradient is fl(λ_i x_i + ζ_i), formed in Double, with ζ of the noise model.
/// With the noise `skewed`, curvatures 1 and the start 3 it is CE4: the gradient is
/// positive with probability 1/4 for -15/4 < x < 5/4, so that signs without momentum settle at
/// x = 5/4. With curvatures 0 it is pure noise of value 0. Memory: that of the
/// curvatures where they differ, 8 bytes a coordinate of one copy.
public final class NoisyQuadratic: ClosedFormObjective {
  /// The named tensors of the parameters.
  public let layout: ParameterLayout
  /// The number of independent repetitions in one vector of parameters.
  public let copies: Int
  /// The noise of one sample.
  public let noise: GradientNoise
  /// Where it starts.
  public let start: StartPoint
  /// The curvatures λ of a copy, or nil where all are `curvature`.
  private let curvatures: [Double]?
  private let curvature: Double

  /// A quadratic with the curvatures λ.
  ///
  /// - Throws: When there is no curvature or no copy, or too many coordinates in all.
  /// - Precondition: A deviation of the noise is finite and not negative, degrees of freedom are
  ///   finite and positive.
  public init(
    curvatures: [Double], copies: Int = 1, noise: GradientNoise,
    start: StartPoint = .normal(scale: 1)
  ) throws(ParameterLayoutError) {
    precondition(noise.isValid, "noise cannot be \(noise)")
    layout = try ParameterLayout(copies: copies, dimension: curvatures.count)
    self.curvatures = curvatures
    self.copies = copies
    self.noise = noise
    self.start = start
    curvature = 1
  }

  /// A quadratic with the same curvature in all coordinates.
  ///
  /// - Throws: When the dimension or the number of copies is not positive or too large.
  /// - Precondition: As that of the other initializer.
  public init(
    dimension: Int, curvature: Double = 1, copies: Int = 1, noise: GradientNoise,
    start: StartPoint = .normal(scale: 1)
  ) throws(ParameterLayoutError) {
    precondition(noise.isValid, "noise cannot be \(noise)")
    layout = try ParameterLayout(copies: copies, dimension: dimension)
    curvatures = nil
    self.curvature = curvature
    self.copies = copies
    self.noise = noise
    self.start = start
  }

  /// A quadratic with all curvatures 1 and Gaussian noise of a standard deviation.
  ///
  /// - Throws: When the dimension is not positive or too large.
  /// - Precondition: `noise` is finite and not negative.
  public convenience init(dimension: Int, noise: Double) throws(ParameterLayoutError) {
    try self.init(dimension: dimension, noise: .gaussian(deviation: noise))
  }

  /// Curvatures from `first` to `last`, in equal ratios.
  ///
  /// - Precondition: `count` is at least 2; `first` and `last` are positive.
  public static func spacedCurvatures(
    count: Int, from first: Double, to last: Double
  ) -> [Double] {
    precondition(count >= 2 && first > 0 && last > 0, "no ratio from \(first) to \(last)")
    return (0..<count).map { first * pow(last / first, Double($0) / Double(count - 1)) }
  }

  /// Writes the start.
  public func initialize(_ parameters: consuming MutableSpan<Float>, seed: UInt64) {
    precondition(parameters.count == layout.count, "parameters of another layout")
    start.write(to: parameters, seed: seed)
  }

  /// The loss of one copy without noise, see `ClosedFormObjective`.
  public func value(at parameters: Span<Float>, copy: Int) -> Double {
    var sum = 0.0
    let first = coordinates(of: copy, in: parameters).lowerBound
    for index in 0..<dimension {
      let x = Double(parameters[first + index])
      sum += curvature(index) * x * x
    }
    return sum / 2
  }

  /// Writes λ_i x_i, see `ClosedFormObjective`.
  public func exactGradient(
    at parameters: Span<Float>, into gradient: consuming MutableSpan<Float>
  ) {
    check(parameters, gradientCount: gradient.count)
    for first in stride(from: 0, to: gradient.count, by: dimension) {
      for index in 0..<dimension {
        gradient[first + index] = Float(curvature(index) * Double(parameters[first + index]))
      }
    }
  }

  /// Writes λ_i x_i + ζ_i, see `ClosedFormObjective`.
  public func stochasticGradient(
    at parameters: Span<Float>, position: NoisePosition, samples: Int,
    into gradient: consuming MutableSpan<Float>
  ) {
    check(parameters, gradientCount: gradient.count, samples: samples)
    var draws = NoiseDraws(noise, position: position, samples: samples, period: dimension)
    for first in stride(from: 0, to: gradient.count, by: dimension) {
      for index in 0..<dimension {
        let exact = curvature(index) * Double(parameters[first + index])
        gradient[first + index] = Float(exact + draws.next())
      }
    }
  }

  private func curvature(_ index: Int) -> Double { curvatures?[index] ?? curvature }
}
