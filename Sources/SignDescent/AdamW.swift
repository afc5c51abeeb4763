internal import Foundation

/// Adam with decoupled weight decay, as PyTorch's `AdamW` has it, for the fp32 baselines.
///
/// In step t = 1, 2, …, coordinate by coordinate:
///
///     w ← (1 − γλ)·w
///     m ← β₁·m + (1−β₁)·g
///     v ← β₂·v + (1−β₂)·g²
///     w ← w − γ/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε)
///
/// γ is `learningRate`, λ `weightDecay`, β₁ and β₂ `betas`, ε `epsilon`. Every constant (1−γλ, 1−β,
/// γ/(1−β₁ᵗ), √(1−β₂ᵗ)) is formed in Double and rounded once; every operation on Float32 rounds.
///
/// - Assumptions: What is proved asks for bounded gradients or for β₂ near enough to 1.
/// - Rate: With bounded gradients, 1−β₂ = 1/T and γ = O(T^(−1/2)) the mean of ‖∇f‖₂² over T steps
///   is O(d·log T·T^(−1/2)).
/// - Memory: 8 bytes per parameter for m and v.
/// - Reference: Kingma, Ba, "Adam", ICLR 2015; Loshchilov, Hutter, "Decoupled Weight Decay
///   Regularization", ICLR 2019; the rate: Défossez, Bottou, Bach, Usunier, "A Simple Convergence
///   Proof of Adam and Adagrad", TMLR 2022.
public struct AdamW: Sendable {
  private let rate: Double
  private let betas: (first: Double, second: Double)
  private let epsilon: Float
  /// 1 − γλ.
  private let shrink: Float

  /// A step of a learning rate, with PyTorch's defaults for the rest.
  ///
  /// - Precondition: Both betas lie in [0, 1).
  public init(
    learningRate: Double, weightDecay: Double = 0,
    betas: (first: Double, second: Double) = (0.9, 0.999),
    epsilon: Double = 1e-8
  ) {
    precondition(
      betas.first >= 0 && betas.first < 1 && betas.second >= 0 && betas.second < 1,
      "betas of \(betas) are outside [0, 1)")
    rate = learningRate
    self.betas = betas
    self.epsilon = Float(epsilon)
    shrink = Float(1 - learningRate * weightDecay)
  }

  /// Updates both moments and moves the parameters.
  ///
  /// - Parameters:
  ///   - gradient: g, d numbers.
  ///   - first: m, d numbers, 0 before the first step; updated in place.
  ///   - second: v, d numbers, 0 before the first step; updated in place.
  ///   - parameters: w, d numbers.
  ///   - coordinates: Those to move.
  ///   - step: t, from 1.
  /// - Precondition: `coordinates` lies within all four, and `step` is at least 1.
  /// - Complexity: O(`coordinates.count`); 28 bytes per coordinate read and written.
  public func apply(
    _ gradient: Span<Float>, first: consuming MutableSpan<Float>,
    second: consuming MutableSpan<Float>, to parameters: consuming MutableSpan<Float>,
    coordinates: Range<Int>, step: Int
  ) {
    precondition(step >= 1, "step \(step): the first is 1")
    precondition(
      coordinates.lowerBound >= 0
        && coordinates.upperBound
          <= min(min(gradient.count, parameters.count), min(first.count, second.count)),
      "\(coordinates) of \(parameters.count) parameters, \(gradient.count) slopes, "
        + "\(first.count) and \(second.count) moments")
    let length = Float(rate / (1 - pow(betas.first, Double(step))))
    let correction = Float((1 - pow(betas.second, Double(step))).squareRoot())
    let past = (Float(betas.first), Float(betas.second))
    let present = (Float(1 - betas.first), Float(1 - betas.second))
    unsafe gradient.withUnsafeBufferPointer { gradient in
      unsafe first.withUnsafeMutableBufferPointer { first in
        unsafe second.withUnsafeMutableBufferPointer { second in
          unsafe parameters.withUnsafeMutableBufferPointer { parameters in
            for index in coordinates {
              let slope = unsafe gradient[index]
              let mean = unsafe past.0 * first[index] + present.0 * slope
              let square = unsafe past.1 * second[index] + present.1 * (slope * slope)
              unsafe first[index] = mean
              unsafe second[index] = square
              unsafe parameters[index] =
                shrink * parameters[index] - length
                * (mean / (square.squareRoot() / correction + epsilon))
            }
          }
        }
      }
    }
  }
}
