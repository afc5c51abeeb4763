extension Philox4x32 {
  /// Eight blocks at once, whose counters differ in their first word alone.
  ///
  /// Each 32-bit word lies in the low half of a 64-bit lane, where the products have room.
  ///
  /// - Parameters:
  ///   - first: The first words of the eight counters.
  ///   - rest: The other words of the counters; its first element is not looked at.
  ///   - key: The key.
  /// - Returns: Word i of block b at place 4·b + i.
  /// - Complexity: O(1); ten rounds of ten operations on eight lanes.
  @inlinable
  public static func eightBlocks(
    first: SIMD8<UInt64>, rest: SIMD4<UInt32>, key: SIMD2<UInt32>
  ) -> [32 of UInt32] {
    typealias Lanes = SIMD8<UInt64>
    let low = Lanes(repeating: 0xFFFF_FFFF)
    let half = Lanes(repeating: 32)
    var x = first
    var y = Lanes(repeating: UInt64(rest.y))
    var z = Lanes(repeating: UInt64(rest.z))
    var w = Lanes(repeating: UInt64(rest.w))
    var round = key
    for _ in 0..<10 {
      let a = Lanes(repeating: 0xD251_1F53) &* x
      let b = Lanes(repeating: 0xCD9E_8D57) &* z
      x = b &>> half ^ y ^ Lanes(repeating: UInt64(round.x))
      y = b & low
      z = a &>> half ^ w ^ Lanes(repeating: UInt64(round.y))
      w = a & low
      round = round &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return [32 of UInt32] { place in
      let words = place % 4 < 2 ? (place % 4 == 0 ? x : y) : (place % 4 == 2 ? z : w)
      return UInt32(truncatingIfNeeded: words[place / 4])
    }
  }
}
