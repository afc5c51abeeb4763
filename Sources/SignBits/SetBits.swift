/// Lists the places of set bits.
enum SetBits {
  /// The places after a list that are written too.
  static let slack = 8

  /// Lists the places of the set bits of some words that have few; how many there are.
  ///
  /// Four at a time without asking whether there are as many: a branch for each bit would be
  /// predicted wrongly once a word.
  static func listFew(
    _ words: UnsafeBufferPointer<UInt64>, _ range: Range<Int>,
    into places: UnsafeMutablePointer<UInt32>
  ) -> Int {
    var end = unsafe places
    for word in range {
      var bits = unsafe words[word]
      let base = UInt32(truncatingIfNeeded: word &* 64)
      let count = bits.nonzeroBitCount
      var listed = 0
      repeat {
        for place in 0..<4 {
          unsafe end[listed &+ place] =
            base &+ UInt32(truncatingIfNeeded: bits.trailingZeroBitCount)
          bits &= bits &- 1
        }
        listed &+= 4
      } while listed < count
      unsafe end += count
    }
    return unsafe end - places
  }

  /// Lists the places of the set bits of some words that have many; how many there are.
  ///
  /// By bytes: all places of one are looked up.
  static func listMany(
    _ words: UnsafeBufferPointer<UInt64>, _ range: Range<Int>,
    into places: UnsafeMutablePointer<UInt32>
  ) -> Int {
    unsafe placesInByte.withUnsafeBufferPointer { placesInByte in
      var end = UnsafeMutableRawPointer(places)
      for word in range {
        var bits = unsafe words[word]
        var base = UInt32(truncatingIfNeeded: word &* 64)
        for _ in 0..<8 {
          let byte = Int(truncatingIfNeeded: bits & 0xFF)
          let found = unsafe SIMD8<UInt32>(truncatingIfNeeded: placesInByte[byte])
          unsafe end.storeBytes(of: found &+ base, as: SIMD8<UInt32>.self)
          unsafe end += byte.nonzeroBitCount &* MemoryLayout<UInt32>.stride
          base &+= 8
          bits &>>= 8
        }
      }
      return unsafe (end - UnsafeMutableRawPointer(places)) / MemoryLayout<UInt32>.stride
    }
  }

  /// For each byte the places of its set bits, the lowest first.
  private static let placesInByte: [SIMD8<UInt8>] = (0..<256).map { byte in
    var places = SIMD8<UInt8>(repeating: 0)
    for (index, bit) in (0..<8).filter({ byte >> $0 & 1 == 1 }).enumerated() {
      places[index] = UInt8(bit)
    }
    return places
  }
}
