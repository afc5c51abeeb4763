/// A step of gradient descent, for the fp32 baselines: w ← fl(w − fl(γ·fl(g + fl(λ·w)))).
///
/// g is the mean of the ranks' gradients, γ `learningRate`, λ `weightDecay`.
///
/// - Assumptions: A Lipschitz gradient and noise of bounded variance.
/// - Rate: With γ = O(T^(−1/2)) the mean of ‖∇f‖₂² over T steps is O(T^(−1/2)).
/// - Memory: None.
/// - Reference: Ghadimi, Lan, "Stochastic First- and Zeroth-Order Methods for Nonconvex Stochastic
///   Programming", SIAM Journal on Optimization, 2013.
public struct GradientUpdate: Sendable {
  private let rate: Float
  private let decay: Float

  /// A step with a learning rate γ and a weight decay λ.
  public init(learningRate: Double, weightDecay: Double = 0) {
    rate = Float(learningRate)
    decay = Float(weightDecay)
  }

  /// Moves parameters against a gradient.
  ///
  /// - Parameters:
  ///   - gradient: d numbers.
  ///   - parameters: d numbers.
  ///   - coordinates: Those to move.
  /// - Precondition: `coordinates` lies within both.
  /// - Complexity: O(`coordinates.count`).
  public func apply(
    _ gradient: Span<Float>, to parameters: consuming MutableSpan<Float>,
    coordinates: Range<Int>
  ) {
    precondition(
      coordinates.lowerBound >= 0
        && coordinates.upperBound <= min(gradient.count, parameters.count),
      "\(coordinates) of \(parameters.count) parameters and \(gradient.count) slopes")
    unsafe gradient.withUnsafeBufferPointer { gradient in
      unsafe parameters.withUnsafeMutableBufferPointer { parameters in
        for index in coordinates {
          unsafe parameters[index] -= rate * (gradient[index] + decay * parameters[index])
        }
      }
    }
  }
}

/// Heavy-ball momentum, as PyTorch's SGD has it: m ← fl(fl(θ·m) + g).
///
/// A `GradientUpdate` along m makes the step: w ← fl(w − fl(γ·fl(m + fl(λ·w)))). θ is `momentum`; m
/// has 1/(1−θ) times the size of the average that `MomentumAverage` keeps.
///
/// - Assumptions: Those of `GradientUpdate`.
/// - Rate: That of `GradientUpdate`.
/// - Memory: 4 bytes per parameter for m.
/// - Reference: Polyak, "Some Methods of Speeding up the Convergence of Iteration Methods", 1964;
///   Yan, Yang, Li, Lin, Yang, "A Unified Analysis of Stochastic Momentum Methods for Deep
///   Learning", IJCAI 2018.
public struct HeavyBall: Sendable {
  private let past: Float

  /// A momentum with the weight θ of the past.
  public init(momentum: Double) {
    past = Float(momentum)
  }

  /// Adds a gradient to the momentum.
  ///
  /// - Parameters:
  ///   - gradient: d numbers.
  ///   - momentum: d numbers, updated in place.
  ///   - coordinates: Those to update.
  /// - Precondition: `coordinates` lies within both.
  /// - Complexity: O(`coordinates.count`).
  public func add(
    _ gradient: Span<Float>, to momentum: consuming MutableSpan<Float>, coordinates: Range<Int>
  ) {
    precondition(
      coordinates.lowerBound >= 0 && coordinates.upperBound <= min(gradient.count, momentum.count),
      "\(coordinates) of \(momentum.count) momenta and \(gradient.count) slopes")
    unsafe gradient.withUnsafeBufferPointer { gradient in
      unsafe momentum.withUnsafeMutableBufferPointer { momentum in
        for index in coordinates {
          unsafe momentum[index] = past * momentum[index] + gradient[index]
        }
      }
    }
  }
}
