internal import AlignedBuffers
public import SignBits

/// A step of sign descent: w ← fl(fl(c·w) − fl(γ·s)) with the verdict's signs s ∈ {−1, 0, +1}.
///
/// c = Float(1 − γ·λ), formed in Double, is decoupled weight decay; without decay the product is
/// left out. γ is the learning rate, λ the weight decay.
public struct SignUpdate: Sendable {
  private let rate: Float
  /// c; without decay 1, whose product is exact.
  private let shrink: Float

  /// A step of a length.
  public init(learningRate: Double, weightDecay: Double = 0) {
    rate = Float(learningRate)
    shrink = Float(1 - learningRate * weightDecay)
  }

  /// Moves parameters against the signs of a verdict.
  ///
  /// - Parameters:
  ///   - verdict: d signs.
  ///   - parameters: d numbers.
  ///   - coordinates: Those to move.
  /// - Precondition: The numbers agree and `coordinates` lies within them.
  /// - Complexity: O(`coordinates.count`); 8 bytes per coordinate and a bit a plane.
  public func apply(
    _ verdict: borrowing SignPlanes, to parameters: consuming MutableSpan<Float>,
    coordinates: Range<Int>
  ) {
    precondition(
      parameters.count == verdict.count && coordinates.lowerBound >= 0
        && coordinates.upperBound <= verdict.count,
      "\(coordinates) of \(parameters.count) parameters and \(verdict.count) signs")
    unsafe parameters.withUnsafeMutableBufferPointer { parameters in
      guard let base = parameters.baseAddress else { return }
      unsafe move(base, to: base, verdict, coordinates: coordinates)
    }
  }

  /// Writes parameters moved against the signs of a verdict to another place.
  ///
  /// - Precondition: All have the same number of coordinates.
  func apply(
    _ verdict: borrowing SignPlanes, to parameters: Span<Float>,
    into moved: consuming MutableSpan<Float>
  ) {
    precondition(
      parameters.count == verdict.count && moved.count == verdict.count,
      "\(parameters.count) parameters to \(moved.count) for \(verdict.count) signs")
    unsafe parameters.withUnsafeBufferPointer { parameters in
      unsafe moved.withUnsafeMutableBufferPointer { moved in
        guard let source = parameters.baseAddress, let target = moved.baseAddress else { return }
        unsafe move(source, to: target, verdict, coordinates: 0..<parameters.count)
      }
    }
  }

  /// Moves coordinates of one buffer to another, or to itself.
  @inline(__always)
  private func move(
    _ parameters: UnsafePointer<Float>, to moved: UnsafeMutablePointer<Float>,
    _ verdict: borrowing SignPlanes, coordinates: Range<Int>
  ) {
    guard !coordinates.isEmpty else { return }
    let signs = verdict.signs.span
    let masks = verdict.masks.span
    for word in coordinates.lowerBound / 64...(coordinates.upperBound - 1) / 64 {
      let first = max(word * 64, coordinates.lowerBound)
      let end = min(word * 64 + 64, coordinates.upperBound)
      if end - first == 64 {
        unsafe vectors(parameters, to: moved, first, signs[word], masks[word])
      } else {
        for index in first..<end {
          unsafe moved[index] = next(parameters[index], sign: verdict[index])
        }
      }
    }
  }

  /// The next value of one parameter: the definition.
  public func next(_ parameter: Float, sign: Int) -> Float {
    let shrunk = shrink * parameter
    return shrunk - rate * Float(sign)
  }

  /// 64 parameters of one word.
  @inline(__always)
  private func vectors(
    _ parameters: UnsafePointer<Float>, to moved: UnsafeMutablePointer<Float>,
    _ first: Int, _ sign: UInt64, _ mask: UInt64
  ) {
    let source = unsafe UnsafeRawPointer(parameters)
    let target = UnsafeMutableRawPointer(moved)
    let length = Bits(repeating: Int32(bitPattern: rate.bitPattern))
    for group in 0..<4 {
      let offset = (first &+ 16 &* group) &* 4
      let negative = Self.lanes(of: sign, group: group) & Bits(repeating: .min)
      var step = length ^ negative
      if mask != 0 { step &= ~Self.lanes(of: mask, group: group) }
      let value = unsafe source.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
      let next = unsafe shrink * value - unsafeBitCast(step, to: Lanes.self)
      unsafe target.storeBytes(of: next, toByteOffset: offset, as: Lanes.self)
    }
  }

  private typealias Lanes = SIMD16<Float>
  private typealias Bits = SIMD16<Int32>

  /// Sixteen bits of a word, each as a lane of all ones or all zeros.
  @inline(__always)
  private static func lanes(of word: UInt64, group: Int) -> Bits {
    let own = Bits(
      1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768)
    let bits = Bits(repeating: Int32(truncatingIfNeeded: word &>> UInt64(16 &* group)))
    return unsafe unsafeBitCast((bits & own) .== own, to: Bits.self)
  }
}
