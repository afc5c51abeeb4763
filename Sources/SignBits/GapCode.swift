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

  private static let headWords = 2
  private static let largestShift = 20
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
    let low: UInt64 = 1 &<< shift &- 1
    var next: UInt64 = 0
    var total = 0
    for first in stride(from: 0, to: words.count, by: Self.listedWords) {
      let count = unsafe Self.list(
        words, first..<min(first + Self.listedWords, words.count), into: places)
      for index in 0..<count {
        let place = unsafe UInt64(places[index])
        let gap = place &- next
        next = place &+ 1
        unsafe writer.write(zeros: gap &>> shift, then: gap & low, bits: shift)
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

  /// Decodes words.
  ///
  /// - Parameters:
  ///   - code: The code, all of it.
  ///   - words: All written, if the code is one.
  /// - Returns: Whether it was a code of so many words.
  /// - Complexity: O(words + set bits); no allocation.
  public static func decode(_ code: Span<UInt64>, into words: consuming MutableSpan<UInt64>) -> Bool
  {
    guard code.count >= headWords + 2 else { return false }
    let shift = code[0] & 0xFF
    let firstWords = Int(truncatingIfNeeded: code[0] >> 8)
    let counts = (Int(code[1] & 0xFFFF_FFFF), Int(code[1] >> 32))
    guard shift <= largestShift, firstWords >= 1, firstWords < code.count - headWords else {
      return false
    }
    return unsafe code.withUnsafeBytes { code in
      unsafe words.withUnsafeMutableBufferPointer { words in
        unsafe words.update(repeating: 0)
        let reader = unsafe GapReader(code, shift, words)
        var first = GapReader.Place(bit: 64 * headWords, next: 0)
        var second = GapReader.Place(
          bit: 64 * (headWords + firstWords), next: 64 * (words.count / 2))
        for _ in 0..<min(counts.0, counts.1) {
          guard unsafe reader.setNext(&first), unsafe reader.setNext(&second) else { return false }
        }
        for _ in 0..<max(0, counts.0 - counts.1) {
          guard unsafe reader.setNext(&first) else { return false }
        }
        for _ in 0..<max(0, counts.1 - counts.0) {
          guard unsafe reader.setNext(&second) else { return false }
        }
        return true
      }
    }
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

  /// Writes zeros, a one, and the low bits of a number, at most 24 of them.
  @inline(__always)
  mutating func write(zeros: UInt64, then number: UInt64, bits: UInt64) {
    var zeros = zeros
    while zeros >= 24 {
      unsafe push(0, length: 24)
      zeros &-= 24
    }
    unsafe push(1 &<< zeros | number &<< (zeros &+ 1), length: zeros &+ 1 &+ bits)
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

/// Sets the bits of words that streams of gaps tell.
///
/// Both streams are held to the bounds of the whole: that keeps them within memory, with less to
/// remember between two bits.
@unsafe
private struct GapReader {
  /// Where a stream is: its next bit, and the place after the last one that it set.
  struct Place {
    var bit: Int
    var next: Int
  }

  private let code: UnsafeRawBufferPointer
  private let shift: UInt64
  private let low: UInt64
  private let words: UnsafeMutableBufferPointer<UInt64>
  /// The bits before the last word: a load from there on stays within the code.
  private let end: Int
  private let limit: Int

  init(
    _ code: UnsafeRawBufferPointer, _ shift: UInt64, _ words: UnsafeMutableBufferPointer<UInt64>
  ) {
    unsafe self.code = unsafe code
    unsafe self.shift = shift
    unsafe low = 1 &<< shift &- 1
    unsafe self.words = unsafe words
    unsafe end = (code.count - 8) * 8
    unsafe limit = words.count * 64
  }

  /// Sets the next bit; false where the code ends or tells a place outside the words.
  @inline(__always)
  func setNext(_ place: inout Place) -> Bool {
    var quotient: UInt64 = 0
    while true {
      guard unsafe place.bit < end else { return false }
      let window =
        unsafe code.loadUnaligned(fromByteOffset: place.bit &>> 3, as: UInt64.self)
        &>> UInt64(truncatingIfNeeded: place.bit & 7)
      if window & 0xFFFF_FFFF == 0 {
        place.bit &+= 32
        quotient &+= 32
        continue
      }
      let zeros = UInt64(truncatingIfNeeded: window.trailingZeroBitCount)
      let rest = unsafe (window &>> (zeros &+ 1)) & low
      unsafe place.bit &+= Int(truncatingIfNeeded: zeros &+ 1 &+ shift)
      let found =
        unsafe place.next &+ Int(truncatingIfNeeded: (quotient &+ zeros) &<< shift | rest)
      guard unsafe found >= 0 && found < limit else { return false }
      unsafe words[found &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: found & 63)
      place.next = found &+ 1
      return true
    }
  }
}
