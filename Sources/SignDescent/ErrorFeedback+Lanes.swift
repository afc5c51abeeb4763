internal import CVectorMask

/// Signs as bits and as numbers, sixteen at a time and one at a time.
enum SignLanes {
  typealias Lanes = SIMD16<Float>
  private typealias Patterns = SIMD16<Int32>

  /// The bits of the lanes that are below 0.
  @inline(__always)
  static func negative(_ values: Lanes) -> UInt64 {
    let lanes = unsafe unsafeBitCast(values .< Lanes(repeating: 0), to: Patterns.self)
    return CVMNegative(lanes)
  }

  /// Sets the bit of a coordinate in its word.
  @inline(__always)
  static func set(_ word: inout UInt64, _ coordinate: Int, negative: Bool) {
    let place = UInt64(coordinate % 64)
    word = word & ~(1 << place) | (negative ? 1 : 0) << place
  }

  /// A magnitude with the signs of the lowest sixteen bits.
  @inline(__always)
  static func signed(_ magnitude: Float, _ bits: UInt64) -> Lanes {
    let own = Patterns(
      1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768)
    let bits = Patterns(repeating: Int32(truncatingIfNeeded: bits))
    return signed(magnitude, where: (bits & own) .== own)
  }

  /// A magnitude, negative in some lanes.
  @inline(__always)
  private static func signed(_ magnitude: Float, where negative: SIMDMask<Patterns>) -> Lanes {
    let lanes = unsafe unsafeBitCast(negative, to: Patterns.self)
    let pattern = Patterns(repeating: Int32(bitPattern: magnitude.bitPattern))
    return unsafe unsafeBitCast(pattern ^ (lanes & Patterns(repeating: .min)), to: Lanes.self)
  }

  /// A magnitude with the sign of a coordinate in its word.
  @inline(__always)
  static func signed(_ magnitude: Float, _ word: UInt64, _ coordinate: Int) -> Float {
    word >> UInt64(coordinate % 64) & 1 == 1 ? -magnitude : magnitude
  }

  /// What values are more than a scale with their signs.
  @inline(__always)
  static func residual(_ values: Lanes, _ scale: Float) -> Lanes {
    values - signed(scale, where: values .< Lanes(repeating: 0))
  }

  /// What a value is more than a scale with its sign.
  @inline(__always)
  static func residual(_ value: Float, _ scale: Float) -> Float {
    value - (value < 0 ? -scale : scale)
  }
}
