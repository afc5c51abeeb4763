/// A number as products take it, in memory; computed with as Float32, in vectors.
protocol ProductFactor {
  /// As many as `Lanes` has.
  associatedtype Vector
  static var type: ComputeType { get }
  static func widened(_ numbers: Vector) -> Lanes
  static func rounded(_ numbers: Lanes) -> Vector
}

extension Float: ProductFactor {
  static var type: ComputeType { .float32 }

  @inline(__always)
  static func widened(_ numbers: Lanes) -> Lanes { numbers }

  @inline(__always)
  static func rounded(_ numbers: Lanes) -> Lanes { numbers }
}

/// The upper half of a Float32.
struct BFloat16: ProductFactor {
  let bits: UInt16

  static var type: ComputeType { .bfloat16 }

  @inline(__always)
  static func widened(_ numbers: SIMD16<UInt16>) -> Lanes {
    let bits = SIMD16<UInt32>(truncatingIfNeeded: numbers) &<< 16
    return unsafe unsafeBitCast(bits, to: Lanes.self)
  }

  /// The nearest ones, of two as near that with an even last bit; NaN for NaN.
  @inline(__always)
  static func rounded(_ numbers: Lanes) -> SIMD16<UInt16> {
    let bits = unsafe unsafeBitCast(numbers, to: SIMD16<UInt32>.self)
    let nearest = bits &+ 0x7FFF &+ ((bits &>> 16) & 1)
    let isNumber = numbers .== numbers
    let quiet = SIMD16<UInt32>(repeating: 0x7FC0_0000)
    return SIMD16(truncatingIfNeeded: quiet.replacing(with: nearest, where: isNumber) &>> 16)
  }
}
