internal import AlignedBuffers
public import SignBits

/// The point ahead of the parameters at which `signum-extrapolated` takes its gradient.
///
/// With the parameters w^t, those before the last step w^{t−1}, and w^0 = w^1:
///
///     z ← w^t + θ/(1−θ)·(w^t − w^{t−1})
///
/// The momentum is then the average of the gradients at z (`MomentumPass`), whose signs move w. What
/// a Hessian that is constant adds to its error cancels: this is normalised gradient descent with
/// implicit gradient transport, with the sign in place of the norm. θ is `momentum`.
///
/// Without weight decay and with the step size γ of the last step, w^t − w^{t−1} is −γ·verdict, so
/// every rank can rebuild z from the last verdict and keeps no old parameters (`rebuild`). Both
/// forms agree to the rounding of w^t − w^{t−1}, times θ/(1−θ). The first is for decay.
///
/// - Assumptions: Those of momentum (`MomentumAverage`), and a Lipschitz Hessian.
/// - Rate: With 1−θ = T^(−4/7) and γ = T^(−5/7) the mean of ‖∇f‖₁ over T steps is
///   O(d^(3/2)·T^(−2/7)); with γ = d^(−1/2)·T^(−5/7) it is O(d^(1/2)·T^(−2/7)).
/// - Memory: 4 bytes per parameter for z, which holds the old parameters in between.
/// - Reference: Sun, Wang, Li, Wang, "Momentum Ensures Convergence of SIGNSGD under Weaker
///   Assumptions", ICML 2023; Cutkosky, Mehta, "Momentum Improves Normalized SGD", ICML 2020.
public struct LookAhead: Sendable {
  /// θ/(1−θ).
  private let reach: Double

  /// A look-ahead for the weight θ of the past.
  ///
  /// - Precondition: θ lies in (−1, 1).
  public init(momentum: Double) {
    precondition(momentum > -1 && momentum < 1, "a momentum of \(momentum) is outside (-1, 1)")
    reach = momentum / (1 - momentum)
  }

  /// z from the stored parameters: fl(w^t + fl(k·fl(w^t − w^{t−1}))), k = Float(θ/(1−θ)).
  ///
  /// - Parameters:
  ///   - parameters: w^t, d numbers.
  ///   - point: w^{t−1} on entry, z on exit; d numbers.
  /// - Precondition: Both have the same number of coordinates.
  /// - Complexity: O(d); 12 bytes per coordinate read and written.
  public func extrapolate(_ parameters: Span<Float>, point: consuming MutableSpan<Float>) {
    let count = parameters.count
    precondition(point.count == count, "\(point.count) coordinates for \(count) parameters")
    let factor = Float(reach)
    unsafe parameters.withUnsafeBufferPointer { parameters in
      unsafe point.withUnsafeMutableBufferPointer { point in
        for index in 0..<count {
          let value = unsafe parameters[index]
          unsafe point[index] = value + factor * (value - point[index])
        }
      }
    }
  }

  /// z from the last verdict: fl(w^t − fl(a·s)), a = Float(γ·θ/(1−θ)).
  ///
  /// - Parameters:
  ///   - parameters: w^t, d numbers.
  ///   - verdict: The signs s that made the last step, d coordinates; before the first step one
  ///     that abstains throughout.
  ///   - learningRate: γ of the last step.
  ///   - point: z, d numbers, all written.
  /// - Precondition: All have the same number of coordinates.
  /// - Complexity: O(d); 8 bytes per coordinate and a bit a plane.
  public func rebuild(
    _ parameters: Span<Float>, verdict: borrowing SignPlanes, learningRate: Double,
    into point: consuming MutableSpan<Float>
  ) {
    SignUpdate(learningRate: learningRate * reach).apply(verdict, to: parameters, into: point)
  }
}
