internal import AlignedBuffers

extension SignPlanes {
  /// The words that the trits of so many words of both planes take: eight for every five.
  public static func tritWordCount(ofWords words: Int) -> Int { (words + 4) / 5 * 8 }

  /// Writes both planes of a range of words as trits, five in a byte.
  ///
  /// A trit is 0 for +1, 1 for 0 and 2 for −1. Byte i mod 64 of a group of five words holds bit i of
  /// them all, the trit of word j times 3^j: so 64 bytes are made at once.
  ///
  /// - Parameters:
  ///   - words: The words of the planes.
  ///   - message: At least `tritWordCount(ofWords:)` words, the first ones written.
  /// - Precondition: `words` lies within the planes.
  /// - Complexity: O(words).
  public func writeTrits(of words: Range<Int>, into message: inout MutableSpan<UInt64>) {
    precondition(words.lowerBound >= 0 && words.upperBound <= wordCount, "words not in the planes")
    let signs = signs.span
    let masks = masks.span
    for first in stride(from: words.lowerBound, to: words.upperBound, by: 5) {
      var sum = SIMD8<UInt64>(repeating: 0)
      for word in (first..<min(first + 5, words.upperBound)).reversed() {
        sum = sum &+ (sum &<< 1) &+ Self.spread(masks[word]) &+ (Self.spread(signs[word]) &<< 1)
      }
      let target = (first - words.lowerBound) / 5 * 8
      for lane in 0..<8 { message[target + lane] = sum[lane] }
    }
  }

  /// Reads both planes of a range of words from trits.
  ///
  /// - Parameters:
  ///   - words: The words of the planes.
  ///   - message: At least `tritWordCount(ofWords:)` words, as `writeTrits(of:into:)` writes them.
  /// - Precondition: `words` lies within the planes.
  /// - Complexity: O(words).
  public mutating func readTrits(of words: Range<Int>, from message: Span<UInt64>) {
    precondition(words.lowerBound >= 0 && words.upperBound <= wordCount, "words not in the planes")
    let ones = SIMD8<UInt64>(repeating: 0x0101_0101_0101_0101)
    var anyMask: UInt64 = 0
    for first in stride(from: words.lowerBound, to: words.upperBound, by: 5) {
      let source = (first - words.lowerBound) / 5 * 8
      var sum = SIMD8<UInt64>(repeating: 0)
      for lane in 0..<8 { sum[lane] = message[source + lane] }
      for word in first..<min(first + 5, words.upperBound) {
        let quotient = Self.third(sum)
        let trit = sum &- quotient &- (quotient &<< 1)
        sum = quotient
        masks[word] = Self.gather(trit & ones)
        // A byte above 242, which nobody writes, has a last digit of 3.
        signs[word] = Self.gather((trit &>> 1) & ones) & ~masks[word]
        anyMask |= masks[word]
      }
    }
    if anyMask != 0 { hasMask = true }
  }

  /// The bits of a word as 64 bytes of 0 or 1.
  @inline(__always)
  private static func spread(_ word: UInt64) -> SIMD8<UInt64> {
    var bits =
      (SIMD8(repeating: word) &>> SIMD8(0, 8, 16, 24, 32, 40, 48, 56)) & SIMD8(repeating: 0xFF)
    bits = (bits | bits &<< 28) & SIMD8(repeating: 0x0000_000F_0000_000F)
    bits = (bits | bits &<< 14) & SIMD8(repeating: 0x0003_0003_0003_0003)
    return (bits | bits &<< 7) & SIMD8(repeating: 0x0101_0101_0101_0101)
  }

  /// The word of 64 bytes of 0 or 1.
  @inline(__always)
  private static func gather(_ bytes: SIMD8<UInt64>) -> UInt64 {
    var bits = (bytes | bytes &>> 7) & SIMD8(repeating: 0x0003_0003_0003_0003)
    bits = (bits | bits &>> 14) & SIMD8(repeating: 0x0000_000F_0000_000F)
    bits = (bits | bits &>> 28) & SIMD8(repeating: 0xFF)
    bits = bits &<< SIMD8(0, 8, 16, 24, 32, 40, 48, 56)
    let fours = bits.lowHalf | bits.highHalf
    let twos = fours.lowHalf | fours.highHalf
    return twos.x | twos.y
  }

  /// A third of each byte, rounded down: x div 3 = 171 x div 512 below 256.
  ///
  /// Every other byte at once, with room for the product in the byte above. In words throughout: the
  /// compiler makes a loop over lanes of vectors of 16-bit numbers.
  @inline(__always)
  private static func third(_ bytes: SIMD8<UInt64>) -> SIMD8<UInt64> {
    let low = SIMD8<UInt64>(repeating: 0x00FF_00FF_00FF_00FF)
    let quotient = SIMD8<UInt64>(repeating: 0x007F_007F_007F_007F)
    let even = (times171(bytes & low) &>> 9) & quotient
    let odd = (times171((bytes &>> 8) & low) &>> 9) & quotient
    return even | odd &<< 8
  }

  @inline(__always)
  private static func times171(_ x: SIMD8<UInt64>) -> SIMD8<UInt64> {
    x &+ (x &<< 1) &+ (x &<< 3) &+ (x &<< 5) &+ (x &<< 7)
  }
}
