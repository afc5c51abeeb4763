internal import AlignedBuffers

/// Codes words with few set bits by the gaps between these: Golomb-Rice codes.
///
/// A gap g is ⌊g/2^k⌋ zeros, a one, and the k low bits of g; k fits the share of set bits. Where bits
/// are set independently with probability p this is within 2 % of the entropy, down to any p: 0.198
/// bit at 0.03, 0.081 at 0.01. It takes time for each set bit: Huffman codes of bytes are faster
/// above p = 0.045.
///
/// The code is two words (k, 8 bits, and the words of the first stream; how many bits are set in each
/// half, 32 bits) and two streams, of the first and of the second half of the words, so that two gaps
/// are decoded at a time. A stream is read from its lowest bit on and ends in a word of zeros.
///
/// Golomb, "Run-length encodings", 1966; Rice, "Some practical universal noiseless coding
/// techniques", 1979.
@safe
public struct GapCode: ~Copyable {
  /// The share of set bits below which this is the better code.
  public static let densest = 0.045

  static let headWords = 2
  static let largestShift = 20
  /// Words whose set bits are listed at a time.
  private static let listedWords = 256
  /// The places of set bits, with room for a few that are listed for nothing.
  private var places: AlignedBuffer<UInt32>

  /// A coder; allocates 64 kB.
  public init() {
    places = AlignedBuffer(repeating: 0, count: 64 * Self.listedWords + 8)
  }

  /// Codes words.
  ///
  /// - Parameters:
  ///   - words: Less than 2^25 words.
  ///   - setBits: How many of their bits are set.
  ///   - target: Where the code goes.
  ///   - room: The words of it that the code may take.
  /// - Returns: The words of the code; nil when it might not fit.
  /// - Complexity: O(words + set bits); no allocation.
  public mutating func code(
    _ words: Span<UInt64>, setBits: Int, into target: inout MutableSpan<UInt64>, _ room: Range<Int>
  ) -> Int? {
    precondition(words.count < 1 << 25, "places of 32 bits do not reach \(words.count) words")
    precondition(
      room.lowerBound >= 0 && room.upperBound <= target.count, "a room outside the message")
    let shift = Self.shift(words: words.count, setBits: setBits)
    // Quotients add up to at most all gaps over 2^k.
    let mostBits = setBits * (shift + 1) + (64 * words.count) >> shift
    guard Self.headWords + mostBits / 64 + 6 <= room.count else { return nil }
    let half = words.count / 2
    return unsafe words.withUnsafeBufferPointer { words in
      unsafe target.withUnsafeMutableBufferPointer { target in
        guard let start = unsafe target.baseAddress.map({ unsafe $0 + room.lowerBound }) else {
          return nil
        }
        let first = unsafe codeStream(
          words.extracting(0..<half), shift: UInt64(shift), to: start + Self.headWords)
        let second = unsafe codeStream(
          words.extracting(half..<words.count), shift: UInt64(shift),
          to: start + Self.headWords + first.words)
        unsafe start[0] = UInt64(shift) | UInt64(first.words) << 8
        unsafe start[1] = UInt64(first.setBits) | UInt64(second.setBits) << 32
        return Self.headWords + first.words + second.words
      }
    }
  }

  /// The k whose power of two is nearest to the mean gap times ln 2.
  private static func shift(words: Int, setBits: Int) -> Int {
    let quotient = 64 * words * 98 / (100 * max(setBits, 1))
    return min(largestShift, max(0, Int.bitWidth - 1 - quotient.leadingZeroBitCount))
  }

  /// Codes one stream; its words and the number of set bits.
  private mutating func codeStream(
    _ words: UnsafeBufferPointer<UInt64>, shift: UInt64, to target: UnsafeMutablePointer<UInt64>
  ) -> (words: Int, setBits: Int) {
    var writer = unsafe BitWriter(UnsafeMutableRawPointer(target))
    let places = unsafe places.unsafeElements
    var next: UInt64 = 0
    var total = 0
    for first in stride(from: 0, to: words.count, by: Self.listedWords) {
      let count = unsafe Self.list(
        words, first..<min(first + Self.listedWords, words.count), into: places)
      var index = 0
      while index + 1 < count {
        let (first, second) = unsafe (UInt64(places[index]), UInt64(places[index &+ 1]))
        unsafe writer.write(first &- next, second &- first &- 1, shift: shift)
        next = second &+ 1
        index &+= 2
      }
      if index < count {
        let place = unsafe UInt64(places[index])
        unsafe writer.write(place &- next, shift: shift)
        next = place &+ 1
      }
      total += count
    }
    return unsafe (writer.finish() - target, total)
  }

  /// Lists the places of the set bits of some words; how many there are.
  ///
  /// Four at a time without asking whether there are as many: a question for each bit would be
  /// answered wrongly once a word.
  private static func list(
    _ words: UnsafeBufferPointer<UInt64>, _ range: Range<Int>,
    into places: UnsafeMutableBufferPointer<UInt32>
  ) -> Int {
    var end = 0
    for word in range {
      var bits = unsafe words[word]
      let count = bits.nonzeroBitCount
      let base = UInt32(truncatingIfNeeded: word &* 64)
      var listed = 0
      repeat {
        for place in 0..<4 {
          unsafe places[end &+ listed &+ place] =
            base &+ UInt32(truncatingIfNeeded: bits.trailingZeroBitCount)
          bits &= bits &- 1
        }
        listed &+= 4
      } while listed < count
      end &+= count
    }
    return end
  }
}

/// Writes a stream of bits, the lowest first.
@unsafe
private struct BitWriter {
  private let start: UnsafeMutableRawPointer
  private var byte: UnsafeMutableRawPointer
  private var pending: UInt64 = 0
  private var filled: UInt64 = 0

  init(_ start: UnsafeMutableRawPointer) {
    unsafe self.start = unsafe start
    unsafe byte = unsafe start
  }

  /// Writes two gaps, at once where they are short.
  @inline(__always)
  mutating func write(_ gap: UInt64, _ second: UInt64, shift: UInt64) {
    let (zeros, secondZeros) = (gap &>> shift, second &>> shift)
    guard zeros &+ secondZeros &+ 2 &* (shift &+ 1) <= 56 else {
      unsafe write(gap, shift: shift)
      unsafe write(second, shift: shift)
      return
    }
    let length = zeros &+ 1 &+ shift
    let bits =
      unsafe Self.code(gap, zeros, shift) | Self.code(second, secondZeros, shift) &<< length
    unsafe push(bits, length: length &+ secondZeros &+ 1 &+ shift)
  }

  /// Writes a gap.
  @inline(__always)
  mutating func write(_ gap: UInt64, shift: UInt64) {
    var zeros = gap &>> shift
    while zeros >= 24 {
      unsafe push(0, length: 24)
      zeros &-= 24
    }
    unsafe push(Self.code(gap, zeros, shift), length: zeros &+ 1 &+ shift)
  }

  /// The last of the zeros of a gap, a one, and the gap's low bits.
  @inline(__always)
  private static func code(_ gap: UInt64, _ zeros: UInt64, _ shift: UInt64) -> UInt64 {
    (1 | (gap & (1 &<< shift &- 1)) &<< 1) &<< zeros
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
    let bytes = unsafe (byte - start) + (filled > 0 ? 1 : 0)
    let words = (bytes + 7) / 8 + 1
    return unsafe start.assumingMemoryBound(to: UInt64.self) + words
  }
}
