/// Codes gaps by two, four pairs in one vector.
///
/// Four pairs are eight words: the code of each, and its bits. More than `mostBits` stand for a pair
/// that has to be coded otherwise.
enum GapPairs {
  static let lanes = 8
  /// Of two codes of 28 bits, the longest that a lane holds while they are compared by bits alone.
  static let mostBits: UInt64 = 56

  /// Codes the gaps between places.
  ///
  /// - Parameters:
  ///   - places: One more than there are gaps.
  ///   - count: The number of gaps, a multiple of `lanes`.
  ///   - shift: The low bits of each gap.
  ///   - pairs: Room for as many words as gaps.
  static func code(
    _ places: UnsafePointer<UInt32>, count: Int, shift: UInt64,
    into pairs: UnsafeMutablePointer<UInt64>
  ) {
    typealias Lanes = SIMD8<UInt32>
    typealias Pairs = SIMD4<UInt64>
    let shift = Lanes(repeating: UInt32(truncatingIfNeeded: shift))
    let one = Lanes(repeating: 1)
    let low = Pairs(repeating: 0xFFFF_FFFF)
    for first in stride(from: 0, to: count, by: lanes) {
      let start = unsafe UnsafeRawPointer(places + first)
      let before = unsafe start.loadUnaligned(as: Lanes.self)
      let after = unsafe start.loadUnaligned(fromByteOffset: 4, as: Lanes.self)
      let gaps = after &- before &- 1
      let zeros = gaps &>> shift
      let codes = (one | (gaps & (one &<< shift &- 1)) &<< 1) &<< zeros
      var lengths = zeros &+ 1 &+ shift
      // More than 28 becomes more than 56.
      lengths |= ((lengths &+ 3) & ~31) &<< 1
      // The even lanes are the low halves of words.
      let two = unsafe unsafeBitCast(codes, to: Pairs.self)
      let twoLengths = unsafe unsafeBitCast(lengths, to: Pairs.self)
      let target = unsafe UnsafeMutableRawPointer(pairs + first)
      unsafe target.storeBytes(
        of: two & low | (two &>> 32) &<< (twoLengths & low), as: Pairs.self)
      unsafe target.storeBytes(
        of: twoLengths & low &+ twoLengths &>> 32, toByteOffset: 32, as: Pairs.self)
    }
  }
}

/// Writes a stream of bits, the lowest first.
@unsafe
struct BitWriter {
  private let start: UnsafeMutablePointer<UInt64>
  private var byte: UnsafeMutableRawPointer
  private var pending: UInt64 = 0
  private var filled: UInt64 = 0

  init(_ start: UnsafeMutablePointer<UInt64>) {
    unsafe self.start = unsafe start
    unsafe byte = UnsafeMutableRawPointer(start)
  }

  /// Writes the gaps between places, of which the pairs are coded.
  @inline(__always)
  mutating func write(
    _ pairs: UnsafePointer<UInt64>, _ places: UnsafePointer<UInt32>, gaps: Int, shift: UInt64
  ) {
    for first in stride(from: 0, to: gaps, by: GapPairs.lanes) {
      for pair in 0..<GapPairs.lanes / 2 {
        let length = unsafe pairs[first &+ GapPairs.lanes / 2 &+ pair]
        if length <= GapPairs.mostBits {
          unsafe push(pairs[first &+ pair], length: length)
        } else {
          let place = unsafe places + first + 2 * pair
          unsafe write(gapAfter: place, shift: shift)
          unsafe write(gapAfter: place + 1, shift: shift)
        }
      }
    }
  }

  /// Writes the gap between a place and the next one: the quotient in zeros, a one, the low bits.
  mutating func write(gapAfter place: UnsafePointer<UInt32>, shift: UInt64) {
    let gap = unsafe UInt64(place[1] &- place[0] &- 1)
    var zeros = gap &>> shift
    while zeros >= 24 {
      unsafe push(0, length: 24)
      zeros &-= 24
    }
    let low = gap & (1 &<< shift &- 1)
    unsafe push((1 | low &<< 1) &<< zeros, length: zeros &+ 1 &+ shift)
  }

  /// Writes at most 56 bits: whole words are stored, and as many bytes as are complete passed.
  @inline(__always)
  private mutating func push(_ bits: UInt64, length: UInt64) {
    unsafe pending |= bits &<< filled
    unsafe byte.storeBytes(of: pending, as: UInt64.self)
    unsafe filled &+= length
    let complete = unsafe filled &>> 3
    unsafe byte += Int(truncatingIfNeeded: complete)
    unsafe pending &>>= complete &* 8
    unsafe filled &= 7
  }

  /// Ends the stream in a word of zeros; where the next one starts.
  mutating func finish() -> UnsafeMutablePointer<UInt64> {
    unsafe byte.storeBytes(of: pending, as: UInt64.self)
    unsafe byte.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
    let bytes = unsafe (byte - UnsafeMutableRawPointer(start)) + (filled > 0 ? 1 : 0)
    return unsafe start + (bytes + 7) / 8 + 1
  }
}
