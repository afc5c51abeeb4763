internal import AlignedBuffers
internal import CVectorMask

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
    precondition(message.count >= Self.tritWordCount(ofWords: words.count), "no room for trits")
    let signs = signs.span
    let masks = masks.span
    unsafe message.withUnsafeMutableBytes { message in
      for (group, first) in stride(from: words.lowerBound, to: words.upperBound, by: 5).enumerated()
      {
        var sum = Trits(repeating: 0)
        for word in (first..<min(first + 5, words.upperBound)).reversed() {
          let trit = CVMSpread(masks[word]) & Self.all(1) | CVMSpread(signs[word]) & Self.all(2)
          sum = sum &+ sum &+ sum &+ trit
        }
        unsafe message.storeBytes(of: sum, toByteOffset: 64 * group, as: Trits.self)
      }
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
    precondition(message.count >= Self.tritWordCount(ofWords: words.count), "too few trits")
    var anyMask: UInt64 = 0
    unsafe message.withUnsafeBytes { message in
      unsafe withUnsafeWords { signs, masks in
        for (group, first) in stride(from: words.lowerBound, to: words.upperBound, by: 5)
          .enumerated()
        {
          var rest = unsafe message.loadUnaligned(fromByteOffset: 64 * group, as: Trits.self)
          // From the highest place down. Of a byte above 242, which nobody writes, a rest beyond
          // the lowest place is lost.
          var power: UInt8 = 81
          for word in (first..<first + 5).reversed() {
            let digit = Self.takeDigit(power, from: &rest)
            power /= 3
            guard word < words.upperBound else { continue }
            unsafe signs[word] = digit.isTwo
            unsafe masks[word] = digit.isOne
            anyMask |= digit.isOne
          }
        }
      }
    }
    if anyMask != 0 { hasMask = true }
  }

  /// 64 bytes in words: Swift's vectors of bytes compile to loops over lanes, and no byte here
  /// carries into the next.
  private typealias Trits = SIMD8<UInt64>

  /// A byte in all places.
  @inline(__always)
  private static func all(_ byte: UInt8) -> Trits {
    Trits(repeating: 0x0101_0101_0101_0101 &* UInt64(byte))
  }

  /// Takes the digit of a power of three from 64 numbers below three times it: where it is two, and
  /// where one.
  @inline(__always)
  private static func takeDigit(_ power: UInt8, from rest: inout Trits) -> (
    isTwo: UInt64, isOne: UInt64
  ) {
    let twos = CVMAtLeast(rest, 2 &* power)
    let some = CVMAtLeast(rest, power)
    rest = rest &- (all(power) & twos) &- (all(power) & some)
    return (CVMHighest(twos), CVMHighest(some & ~twos))
  }
}
