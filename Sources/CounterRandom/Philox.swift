/// Philox4x32-10, a counter-based random number generator.
///
/// A block of 128 random bits is a pure function of a 128-bit counter and a 64-bit key, so any
/// part of any stream can be drawn at any time, on any rank, in any order.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011,
/// section 3.3. The tests compare with the published known answers.
public enum Philox4x32 {
  /// The block of a counter under a key.
  ///
  /// - Complexity: O(1); ten rounds of two 32 x 32 bit products.
  @inlinable
  public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    // Four scalars: as a vector, the halves of the products would be taken apart every round.
    var (w, x, y, z) = (counter.x, counter.y, counter.z, counter.w)
    var (low, high) = (key.x, key.y)
    for _ in 0..<10 {
      let a = UInt64(0xD251_1F53) &* UInt64(w)
      let b = UInt64(0xCD9E_8D57) &* UInt64(y)
      w = UInt32(truncatingIfNeeded: b >> 32) ^ x ^ low
      y = UInt32(truncatingIfNeeded: a >> 32) ^ z ^ high
      x = UInt32(truncatingIfNeeded: b)
      z = UInt32(truncatingIfNeeded: a)
      low &+= 0x9E37_79B9
      high &+= 0xBB67_AE85
    }
    return SIMD4(w, x, y, z)
  }
}
