public import SignBits

/// The compression of error feedback: a tensor becomes its signs and one scale, and what that loses
/// is kept for the next step.
///
/// For a tensor of d coordinates
///
/// - p = fl(fl(γ·g) + e);
/// - a = Float(‖p‖₁ / d), the norm summed as `NormBlocks` says;
/// - q = a·sign(p), where ±0 counts as +1: in the sign plane 1 is p < 0;
/// - e ← fl(p − q).
///
/// γ is the learning rate, which lies inside the error so that a schedule needs no rescaling; g is
/// the gradient, or a momentum in its place. The errors begin at 0 and are finite always. One node:
/// w ← w − q. Several: `ScaledSignMean` of Voting.
///
/// - Assumptions: A Lipschitz gradient and bounded second moments of g.
/// - Rate: The mean of ‖∇f‖₂² falls as T^(−1/2), as for SGD; the compression shows in a term of
///   higher order alone.
/// - Memory: 4 bytes per parameter for e.
/// - Reference: Karimireddy, Rebjock, Stich, Jaggi, "Error Feedback Fixes SignSGD and other Gradient
///   Compression Schemes", ICML 2019, Algorithm 1.
public struct ErrorFeedback: Sendable {
  private let rate: Float

  /// A compression with a learning rate γ.
  public init(learningRate: Double) {
    rate = Float(learningRate)
  }

  /// Compresses one tensor and replaces its errors.
  ///
  /// - Parameters:
  ///   - gradient: The gradients of all tensors.
  ///   - error: The errors e of all tensors.
  ///   - coordinates: The tensor.
  ///   - ballot: Takes the signs at `coordinates`; its mask stays as it is.
  /// - Returns: The scale a. Nil where some p is not finite: then the errors stay as they were, the
  ///   signs mean nothing, and the rank sends the scale 0.
  /// - Precondition: `coordinates` is not empty and lies within all three.
  /// - Complexity: O(`coordinates.count`); 20 bytes per coordinate read and written, 8 of them again
  ///   in the cache when the tensor is small; no allocation.
  public func compress(
    _ gradient: Span<Float>, error: consuming MutableSpan<Float>, coordinates: Range<Int>,
    into ballot: inout SignPlanes
  ) -> Float? {
    precondition(
      !coordinates.isEmpty && coordinates.lowerBound >= 0
        && coordinates.upperBound <= min(gradient.count, error.count, ballot.count),
      "\(coordinates) of \(gradient.count) slopes, \(error.count) errors, \(ballot.count) signs")
    var scale: Float?
    unsafe gradient.withUnsafeBufferPointer { gradient in
      unsafe error.withUnsafeMutableBufferPointer { error in
        unsafe ballot.withUnsafeWords { signs, _ in
          let pass = unsafe CompressionPass(
            rate: rate, gradient: gradient, error: error, signs: signs)
          var norm = 0.0
          NormBlocks.forEachPart(of: coordinates) { norm += unsafe pass.pack($0) }
          guard norm.isFinite else { return }
          let mean = Float(norm / Double(coordinates.count))
          unsafe pass.subtract(mean, coordinates)
          scale = mean
        }
      }
    }
    return scale
  }
}

/// The two passes of `ErrorFeedback` over a range; the second computes p again.
@unsafe
private struct CompressionPass {
  private typealias Lanes = SIMD16<Float>

  let rate: Float
  let gradient: UnsafeBufferPointer<Float>
  let error: UnsafeMutableBufferPointer<Float>
  let signs: UnsafeMutableBufferPointer<UInt64>

  private func value(_ index: Int) -> Float {
    unsafe rate * gradient[index] + error[index]
  }

  @inline(__always)
  private func values(_ index: Int) -> Lanes {
    let slope = unsafe UnsafeRawBufferPointer(gradient).loadUnaligned(
      fromByteOffset: index &* 4, as: Lanes.self)
    let kept = unsafe UnsafeRawBufferPointer(error).loadUnaligned(
      fromByteOffset: index &* 4, as: Lanes.self)
    return unsafe Lanes(repeating: rate) * slope + kept
  }

  /// Writes the signs of p; returns its norm.
  func pack(_ part: Range<Int>) -> Double {
    var norm = BlockNorm()
    let words = WordParts(part)
    unsafe packEdge(words.head, &norm)
    for word in words.whole {
      var negative: UInt64 = 0
      for group in 0..<4 {
        let p = unsafe values(word &* 64 &+ group &* 16)
        norm.add(p)
        negative |= SignLanes.negative(p) &<< UInt64(16 &* group)
      }
      unsafe signs[word] = negative
    }
    unsafe packEdge(words.tail, &norm)
    return norm.total
  }

  private func packEdge(_ edge: Range<Int>, _ norm: inout BlockNorm) {
    for index in edge {
      let p = unsafe value(index)
      norm.add(p, at: index)
      unsafe SignLanes.set(&signs[index / 64], index, negative: p < 0)
    }
  }

  /// e ← p − a·sign(p).
  func subtract(_ scale: Float, _ range: Range<Int>) {
    let words = WordParts(range)
    unsafe subtractEdge(scale, words.head)
    let bytes = unsafe UnsafeMutableRawBufferPointer(error)
    for group in words.whole.lowerBound &* 4..<words.whole.upperBound &* 4 {
      let p = unsafe values(group &* 16)
      unsafe bytes.storeBytes(
        of: SignLanes.residual(p, scale), toByteOffset: group &* 64, as: Lanes.self)
    }
    unsafe subtractEdge(scale, words.tail)
  }

  private func subtractEdge(_ scale: Float, _ edge: Range<Int>) {
    for index in edge {
      unsafe error[index] = SignLanes.residual(value(index), scale)
    }
  }
}
