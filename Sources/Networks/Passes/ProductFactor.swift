internal import CBFloat16

/// A number as products take it, in memory; computed with as Float32, in vectors.
protocol ProductFactor {
  /// As many as `Lanes` has.
  associatedtype Vector
  static var type: ComputeType { get }
  static func widened(_ numbers: Vector) -> Lanes
  static func rounded(_ numbers: Lanes) -> Vector
}

extension ProductFactor {
  /// Numbers from the start of a vector on.
  static func vectors(_ numbers: UnsafeMutablePointer<Self>) -> UnsafeMutablePointer<Vector> {
    unsafe UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: Vector.self)
  }
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
  static func widened(_ numbers: SIMD16<UInt16>) -> Lanes { CBFWidened(numbers) }

  /// The nearest ones, of two as near that with an even last bit; NaN for NaN.
  @inline(__always)
  static func rounded(_ numbers: Lanes) -> SIMD16<UInt16> { CBFRounded(numbers) }
}
