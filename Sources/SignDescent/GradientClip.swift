/// A bound c on the Euclidean norm of a gradient.
///
/// Where ‖g‖ > c, g ← fl(g · Float(c/‖g‖)); the norm and the quotient are formed in Double, the
/// norm in the fixed order of eight interleaved sums. A gradient whose norm is not finite stays as
/// it is: whoever checks it finds what is wrong.
///
/// Without momentum a vote has only the signs of one gradient, which clipping does not change.
///
/// - Memory: None.
/// - Reference: Pascanu, Mikolov, Bengio, "On the Difficulty of Training Recurrent Neural
///   Networks", ICML 2013, algorithm 1.
public struct GradientClip: Sendable {
  private let bound: Double

  /// A bound on the norm.
  ///
  /// - Precondition: `norm` is finite and above 0.
  public init(norm: Double) {
    precondition(norm > 0 && norm.isFinite, "a bound of \(norm) on a norm")
    bound = norm
  }

  /// Scales a gradient to the bound where it is longer.
  ///
  /// - Parameter gradient: d numbers, scaled in place.
  /// - Returns: The norm before.
  /// - Complexity: O(d); 4 bytes per coordinate read, and 8 more where it is scaled.
  @discardableResult
  public func apply(to gradient: consuming MutableSpan<Float>) -> Double {
    let all = 0..<gradient.count
    let norm = sumOfSquares(gradient.span, in: all).squareRoot()
    guard norm > bound, norm.isFinite else { return norm }
    let scale = Float(bound / norm)
    unsafe gradient.withUnsafeMutableBufferPointer { gradient in
      for index in all { unsafe gradient[index] *= scale }
    }
    return norm
  }
}
