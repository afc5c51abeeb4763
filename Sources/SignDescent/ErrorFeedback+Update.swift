internal import AlignedBuffers
public import SignBits

/// The step of error feedback: w ← fl(fl(c·w) − A·s) with the signs s = ±1 of a tensor and its
/// scale A.
///
/// c = Float(1 − γ·λ), formed in Double, is decoupled weight decay; without decay the product is
/// left out. γ, the learning rate, is in A already; λ is the weight decay.
public struct ScaledSignUpdate: Sendable {
  /// c, or nil without decay.
  private let shrink: Float?

  /// A step with or without weight decay.
  public init(learningRate: Double, weightDecay: Double = 0) {
    shrink = weightDecay == 0 ? nil : Float(1 - learningRate * weightDecay)
  }

  /// Moves parameters of one tensor against its signs.
  ///
  /// - Parameters:
  ///   - mean: d signs; the mask is not looked at.
  ///   - scale: A of the tensor.
  ///   - parameters: d numbers.
  ///   - coordinates: Those to move, all of one tensor.
  /// - Precondition: The numbers agree and `coordinates` lies within them.
  /// - Complexity: O(`coordinates.count`); 8 bytes and a bit per coordinate.
  public func apply(
    _ mean: borrowing SignPlanes, scale: Float, to parameters: consuming MutableSpan<Float>,
    coordinates: Range<Int>
  ) {
    precondition(
      parameters.count == mean.count && coordinates.lowerBound >= 0
        && coordinates.upperBound <= mean.count,
      "\(coordinates) of \(parameters.count) parameters and \(mean.count) signs")
    let signs = mean.signs.span
    let parts = WordParts(coordinates)
    unsafe parameters.withUnsafeMutableBufferPointer { parameters in
      unsafe edge(parts.head, parameters, signs, scale)
      unsafe words(parts.whole, parameters, signs, scale)
      unsafe edge(parts.tail, parameters, signs, scale)
    }
  }

  private func words(
    _ range: Range<Int>, _ parameters: UnsafeMutableBufferPointer<Float>, _ signs: Span<UInt64>,
    _ scale: Float
  ) {
    let bytes = UnsafeMutableRawBufferPointer(parameters)
    for word in range {
      for group in 0..<4 {
        let offset = word &* 256 &+ group &* 64
        var value = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
        if let shrink { value = shrink * value }
        value -= SignLanes.signed(scale, signs[word] &>> UInt64(16 &* group))
        unsafe bytes.storeBytes(of: value, toByteOffset: offset, as: SIMD16<Float>.self)
      }
    }
  }

  private func edge(
    _ range: Range<Int>, _ parameters: UnsafeMutableBufferPointer<Float>, _ signs: Span<UInt64>,
    _ scale: Float
  ) {
    for index in range {
      var value = unsafe parameters[index]
      if let shrink { value = shrink * value }
      unsafe parameters[index] = value - SignLanes.signed(scale, signs[index / 64], index)
    }
  }
}
