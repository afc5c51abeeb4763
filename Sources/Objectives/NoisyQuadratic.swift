internal import CounterRandom

/// A quadratic with Gaussian gradient noise: f(x) = ½ Σ λ_i x_i².
///
/// The stochastic gradient is λ_i x_i + σ z_i / √B for a batch of B samples, z_i standard normal
/// number i of the stream (seed, `gradientNoise`, rank, step) of the batch's `noise`: the
/// distribution of a mean of B gradients with noise σ each. The loss is exact, without noise.
/// The start is standard normal, from the stream (seed, `initialization`, 0). Batches have
/// width 0. Scratch: none.
public final class NoisyQuadratic: Objective {
  /// The named tensors of the parameters.
  public let layout: ParameterLayout
  /// The number of classes, or nil where there is nothing to predict.
  public var classCount: Int? { nil }
  /// The standard deviation σ of one sample's noise, in each coordinate.
  public let noise: Double
  /// The curvatures λ, or nil where all are 1.
  private let curvatures: [Double]?

  /// A quadratic with all curvatures 1.
  ///
  /// - Throws: When the dimension is not positive or too large.
  /// - Precondition: `noise` is not negative.
  public init(dimension: Int, noise: Double) throws(ParameterLayoutError) {
    precondition(noise >= 0, "a standard deviation cannot be \(noise)")
    layout = try ParameterLayout([(name: "x", shape: [dimension])])
    self.noise = noise
    curvatures = nil
  }

  /// A quadratic with the curvatures λ.
  ///
  /// - Throws: When there is no curvature.
  /// - Precondition: `noise` is not negative.
  public init(curvatures: [Double], noise: Double) throws(ParameterLayoutError) {
    precondition(noise >= 0, "a standard deviation cannot be \(noise)")
    layout = try ParameterLayout([(name: "x", shape: [curvatures.count])])
    self.noise = noise
    self.curvatures = curvatures
  }

  /// Draws the start from the standard normal distribution.
  public func initialize(_ parameters: consuming MutableSpan<Float>, seed: UInt64) {
    precondition(parameters.count == layout.count, "parameters of another layout")
    let stream = RandomStream(seed: seed, purpose: .initialization)
    for index in 0..<parameters.count {
      parameters[index] = Float(stream.normal(at: index))
    }
  }

  /// The mean loss over a batch and its complete gradient, see `Objective`.
  public func gradient(
    at parameters: Span<Float>, on batch: borrowing Batch,
    into gradient: consuming MutableSpan<Float>
  ) -> Double {
    precondition(batch.count > 0, "the gradient of an empty batch")
    precondition(gradient.count == layout.count, "a gradient of another layout")
    let place = batch.noise
    let stream = RandomStream(
      seed: place.seed, purpose: .gradientNoise, owner: place.rank, step: place.step)
    let deviation = noise / Double(batch.count).squareRoot()
    for index in 0..<layout.count {
      let exact = curvature(index) * Double(parameters[index])
      gradient[index] = Float(
        deviation == 0 ? exact : exact + deviation * stream.normal(at: index))
    }
    return value(at: parameters)
  }

  /// The sum of the losses over a batch, and the predictions, see `Objective`.
  public func evaluate(
    at parameters: Span<Float>, on batch: borrowing Batch,
    predictions: consuming MutableSpan<Int32>
  ) -> Double {
    batch.count == 0 ? 0 : Double(batch.count) * value(at: parameters)
  }

  /// f without noise.
  private func value(at parameters: Span<Float>) -> Double {
    precondition(parameters.count == layout.count, "parameters of another layout")
    var sum = 0.0
    for index in 0..<parameters.count {
      let x = Double(parameters[index])
      sum += curvature(index) * x * x
    }
    return sum / 2
  }

  private func curvature(_ index: Int) -> Double { curvatures?[index] ?? 1 }
}
