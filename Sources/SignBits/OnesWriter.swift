/// Writes the quotients of gaps as zeros and ones, the lowest bit first.
@unsafe
struct OnesWriter {
  private let start: UnsafeMutablePointer<UInt64>
  private let shift: UInt32
  private var byte: UnsafeMutableRawPointer
  private var pending: UInt64 = 0
  private var filled: UInt64 = 0

  init(_ start: UnsafeMutablePointer<UInt64>, _ groups: GapGroups) {
    unsafe self.start = unsafe start
    unsafe shift = UInt32(groups.shift)
    unsafe byte = UnsafeMutableRawPointer(start)
  }

  /// Writes the quotients of the gaps between places, which `GapGroups` has coded.
  @inline(__always)
  mutating func write(
    _ quotients: UnsafePointer<UInt64>, _ places: UnsafePointer<UInt32>, gaps: Int
  ) {
    for first in stride(from: 0, to: gaps, by: GapGroups.size) {
      for half in 0..<2 {
        let length = unsafe quotients[first &+ 2 &* half &+ 4]
        if length <= GapGroups.mostJoinedBits {
          unsafe push(quotients[first &+ 2 &* half], length: length)
        } else {
          let place = unsafe places + first + 4 * half
          for index in 0..<4 { unsafe write(quotientAfter: place + index) }
        }
      }
    }
  }

  /// Writes the quotient of the gap between a place and the next one.
  mutating func write(quotientAfter place: UnsafePointer<UInt32>) {
    var zeros = unsafe UInt64((place[1] &- place[0] &- 1) &>> shift)
    while zeros >= 48 {
      unsafe push(0, length: 48)
      zeros &-= 48
    }
    unsafe push(1 &<< zeros, length: zeros &+ 1)
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

  /// Ends the last word in zeros; where the next one is.
  mutating func finish() -> UnsafeMutablePointer<UInt64> {
    unsafe byte.storeBytes(of: pending, as: UInt64.self)
    let bytes = unsafe (byte - UnsafeMutableRawPointer(start)) + (filled > 0 ? 1 : 0)
    return unsafe start + (bytes + 7) / 8
  }
}
