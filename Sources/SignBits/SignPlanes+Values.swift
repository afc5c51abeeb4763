internal import AlignedBuffers
internal import CVectorMask

extension SignPlanes {
  /// Takes the signs of values, under a rule.
  ///
  /// −0.0 is 0. A NaN has no sign: it abstains under every rule.
  ///
  /// - Parameters:
  ///   - values: `count` numbers.
  ///   - rule: Whether a zero abstains or counts as positive.
  /// - Complexity: O(`count`).
  public mutating func pack(_ values: Span<Float>, rule: SignRule) {
    precondition(values.count == count, "\(values.count) values for \(count) signs")
    var anyMask: UInt64 = 0
    unsafe values.withUnsafeBytes { values in
      unsafe withUnsafeWords { signs, masks in
        for word in signs.indices {
          let filled = min(64, values.count / 4 - word * 64)
          let bytes = unsafe UnsafeRawBufferPointer(
            rebasing: values[word * 256..<word * 256 + filled * 4])
          let bits = unsafe filled == 64 ? Self.vectors(bytes) : Self.scalars(bytes)
          let mask = bits.noNumber | (rule.zeroAbstains ? bits.zero : 0)
          unsafe signs[word] = bits.negative
          unsafe masks[word] = mask
          anyMask |= mask
        }
      }
    }
    hasMask = anyMask != 0
  }

  /// Which of up to 64 values are negative, zero and NaN.
  private typealias Signs = (negative: UInt64, zero: UInt64, noNumber: UInt64)

  private static func scalars(_ values: UnsafeRawBufferPointer) -> Signs {
    var signs: Signs = (0, 0, 0)
    for bit in 0..<values.count / 4 {
      let value = unsafe values.load(fromByteOffset: 4 * bit, as: Float.self)
      if value < 0 { signs.negative |= 1 << UInt64(bit) }
      if value == 0 { signs.zero |= 1 << UInt64(bit) }
      if value.isNaN { signs.noNumber |= 1 << UInt64(bit) }
    }
    return signs
  }

  /// 64 values, sixteen at a time.
  @inline(__always)
  private static func vectors(_ values: UnsafeRawBufferPointer) -> Signs {
    var signs: Signs = (0, 0, 0)
    let zero = SIMD16<Float>(repeating: 0)
    for group in 0..<4 {
      let lanes = unsafe values.loadUnaligned(fromByteOffset: 64 &* group, as: SIMD16<Float>.self)
      let place = UInt64(16 &* group)
      signs.negative |= bits(of: lanes .< zero) &<< place
      signs.zero |= bits(of: lanes .== zero) &<< place
      signs.noNumber |= bits(of: lanes .!= lanes) &<< place
    }
    return signs
  }

  /// The lanes where a comparison holds.
  @inline(__always)
  private static func bits(of mask: SIMDMask<SIMD16<Int32>>) -> UInt64 {
    CVMNegative(unsafe unsafeBitCast(mask, to: SIMD16<Int32>.self))
  }

  /// Writes the signs as −1, 0 and +1.
  ///
  /// - Parameter values: `count` numbers, all written.
  /// - Complexity: O(`count`).
  public func unpack(into values: consuming MutableSpan<Float>) {
    precondition(values.count == count, "\(values.count) values for \(count) signs")
    let count = count
    let signs = signs.span
    let masks = masks.span
    unsafe values.withUnsafeMutableBufferPointer { values in
      for word in signs.indices {
        let sign = signs[word]
        let mask = masks[word]
        for bit in 0..<min(64, count - 64 * word) {
          let isNegative = Float(sign &>> UInt64(bit) & 1)
          let isMasked = mask &>> UInt64(bit) & 1
          unsafe values[64 &* word &+ bit] = isMasked == 1 ? 0 : 1 - 2 * isNegative
        }
      }
    }
  }
}
