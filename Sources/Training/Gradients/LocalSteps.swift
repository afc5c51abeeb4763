import AlignedBuffers
import SignDescent

/// The gradient of a client that takes several steps by itself before it votes.
///
/// From y = w, for k < K: g = ∇f(y; batch k); acc ← acc + g; y ← y − η·g except after the last.
/// The client's gradient is acc/K: with K = 1 the minibatch gradient to the bit. The sum is kept
/// instead of (w − y)/(η·K), whose rounded difference would lose signs.
///
/// - Assumptions: As the vote's, and gradients bounded in the maximum norm.
/// - Rate: That of the stochastic vote while η·K is O(T^(−1/4)).
/// - Memory: 8 bytes per parameter.
/// - Reference: Sun, Wang, Li, Wang, "Momentum Ensures Convergence of SIGNSGD under Weaker
///   Assumptions", ICML 2023, the extension to federated learning.
final class LocalSteps {
  /// K, the number of gradients.
  let count: Int
  private let descent: GradientUpdate
  private var point: AlignedBuffer<Float>
  private var sum: AlignedBuffer<Float>

  /// - Precondition: `count` is at least 2; a single gradient needs no steps.
  init(count: Int, learningRate: Double, parameters: Int) {
    precondition(count >= 2, "\(count) local steps")
    self.count = count
    descent = GradientUpdate(learningRate: learningRate)
    point = AlignedBuffer(repeating: 0, count: parameters)
    sum = AlignedBuffer(repeating: 0, count: parameters)
  }

  /// Takes the steps from a start and writes the mean gradient.
  ///
  /// - Parameters:
  ///   - start: w.
  ///   - result: The mean of the K gradients.
  ///   - gradient: Writes the gradient at a point on the client's next batch.
  func run(
    from start: Span<Float>, into result: inout AlignedBuffer<Float>,
    _ gradient: (Span<Float>, inout AlignedBuffer<Float>) throws -> Void
  ) throws {
    let coordinates = 0..<start.count
    point.withMutableSpan { point in
      var point = point
      for index in coordinates { point[index] = start[index] }
    }
    sum.fill(with: 0)
    let adding = HeavyBall(momentum: 1)
    for step in 0..<count {
      try point.withSpan { try gradient($0, &result) }
      sum.withMutableSpan { adding.add(result.span, to: $0, coordinates: coordinates) }
      if step + 1 < count {
        point.withMutableSpan { descent.apply(result.span, to: $0, coordinates: coordinates) }
      }
    }
    let divisor = Float(count)
    for index in coordinates { result[index] = sum[index] / divisor }
  }
}
