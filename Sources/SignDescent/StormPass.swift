internal import AlignedBuffers
public import SignBits

/// STORM's estimate of the gradient, with the signs that vote (`ssvr`).
///
/// With g and h the gradients of the same samples (masks of drop-out and augmentation included) at
/// the present and the previous parameters:
///
///     v ← g + θ·(v − h),  sign(v) votes
///
/// rounded as fl(g + fl(θ·fl(v − h))). v is 0 at first, and at the first step h = g. θ is
/// `momentum`: the corrected past has the weight that 1−b has in the papers. A result below the
/// smallest normal Float32 becomes +0; a difference or a result that overflows becomes the largest
/// number of its sign; a coordinate where g or h is not finite keeps v. So v is always finite.
///
/// - Assumptions: The gradient of each sample is Lipschitz on average; noise of bounded variance.
/// - Rate: The mean of ‖∇f‖₁ over T steps is O(d^(1/2)·T^(−1/3)) on one node, at two gradients a
///   step: compare with momentum at equal numbers of gradients.
/// - Memory: 12 bytes per parameter: v, h, and the previous parameters, where h is taken.
/// - Reference: Cutkosky, Orabona, "Momentum-Based Variance Reduction in Non-Convex SGD", NeurIPS
///   2019; Jiang, Yang, Yang, Zhang, "Efficient Sign-Based Optimization: Accelerating Convergence
///   via Variance Reduction", NeurIPS 2024.
public struct StormPass: Sendable {
  private let past: Float
  private let rule: SignRule

  /// A pass with the weight θ of the corrected past and a rule for zeros.
  ///
  /// - Precondition: θ lies in [0, 1).
  public init(momentum: Double, rule: SignRule) {
    precondition(momentum >= 0 && momentum < 1, "a momentum of \(momentum) is outside [0, 1)")
    past = Float(momentum)
    self.rule = rule
  }

  /// Updates the estimate and writes its signs.
  ///
  /// - Parameters:
  ///   - estimate: v, d numbers, all finite; updated in place.
  ///   - gradient: g, d numbers.
  ///   - previous: h, d numbers.
  ///   - coordinates: Those to do; nil: all. Those of a part need not begin or end with a word: the
  ///     ballot's others stay, and so does what is noted of its mask (`SignPlanes.clearMask()`
  ///     before the first part).
  ///   - ballot: The signs of the new estimate, d coordinates.
  /// - Returns: Whether g and h are finite in all of them. Where they are not the caller abstains in
  ///   the tensors concerned.
  /// - Precondition: All have d coordinates, and `coordinates` lies within them.
  /// - Complexity: O(`coordinates.count`); no allocation. 16 bytes per coordinate read and written.
  public func run(
    estimate: consuming MutableSpan<Float>, gradient: Span<Float>, previous: Span<Float>,
    coordinates: Range<Int>? = nil, into ballot: inout SignPlanes
  ) -> Bool {
    let count = ballot.count
    precondition(
      estimate.count == count && gradient.count == count && previous.count == count,
      "\(estimate.count) estimates, \(gradient.count) and \(previous.count) gradients, "
        + "\(count) signs")
    return unsafe estimate.withUnsafeMutableBytes { estimate in
      unsafe gradient.withUnsafeBytes { gradient in
        unsafe previous.withUnsafeBytes { previous in
          guard let estimate = estimate.baseAddress, let gradient = gradient.baseAddress,
            let previous = previous.baseAddress
          else { return true }
          return unsafe ballot.fuse(
            Corrected(pass: self, gradient: gradient, previous: previous), stored: estimate,
            coordinates: coordinates, rule: rule)
        }
      }
    }
  }

  /// The next estimate of one coordinate: the definition.
  public func next(_ estimate: Float, gradient: Float, previous: Float) -> Float {
    guard gradient.isFinite && previous.isFinite else { return estimate }
    let correction = past * Self.clamped(estimate - previous)
    let sum = gradient + correction
    guard sum.magnitude >= .leastNormalMagnitude else { return 0 }
    return Self.clamped(sum)
  }

  private static func clamped(_ value: Float) -> Float {
    min(max(value, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
  }

  /// Where the vectors overflow their result is not finite: NaN with θ = 0.
  @unsafe
  private struct Corrected: FusedEstimate {
    static var votesItself: Bool { true }

    let pass: StormPass
    let gradient: UnsafeRawPointer
    let previous: UnsafeRawPointer

    @inline(__always)
    func next(_ old: Lanes, at offset: Int) -> (stored: Lanes, vote: Lanes) {
      let difference =
        unsafe old - previous.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
      let correction = unsafe pass.past * difference
      let sum =
        unsafe gradient.loadUnaligned(fromByteOffset: offset, as: Lanes.self) + correction
      return (sum, sum)
    }

    func next(_ old: Float, at offset: Int) -> (stored: Float, vote: Float, isFinite: Bool) {
      let now = unsafe gradient.load(fromByteOffset: offset, as: Float.self)
      let before = unsafe previous.load(fromByteOffset: offset, as: Float.self)
      let sum = unsafe pass.next(old, gradient: now, previous: before)
      return (sum, sum, now.isFinite && before.isFinite)
    }
  }
}
