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
  /// A place before the first gap, then the places of set bits, a few of them listed for nothing.
  private var places: AlignedBuffer<UInt32>
  /// The codes of the gaps between these, two by two.
  private var pairs: AlignedBuffer<UInt64>

  /// A coder; allocates 200 kB.
  public init() {
    let mostGaps = 64 * Self.listedWords + GapPairs.lanes
    places = AlignedBuffer(repeating: 0, count: 1 + mostGaps + 4)
    pairs = AlignedBuffer(repeating: 0, count: mostGaps)
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
    guard let places = unsafe places.unsafeElements.baseAddress,
      let pairs = unsafe pairs.unsafeElements.baseAddress
    else { preconditionFailure("a coder without memory") }
    var writer = unsafe BitWriter(target)
    // The first gap is one from the place before all words.
    unsafe places[0] = .max
    var waiting = 0
    var total = 0
    for first in stride(from: 0, to: words.count, by: Self.listedWords) {
      let range = first..<min(first + Self.listedWords, words.count)
      let count = unsafe Self.list(words, range, into: places + 1 + waiting)
      total &+= count
      waiting &+= count
      let gaps = waiting & ~(GapPairs.lanes &- 1)
      unsafe GapPairs.code(places, count: gaps, shift: shift, into: pairs)
      unsafe writer.write(pairs, places, gaps: gaps, shift: shift)
      // Those that fill no vector are coded with the next ones.
      waiting &-= gaps
      for index in 0...waiting { unsafe places[index] = places[gaps &+ index] }
    }
    for index in 0..<waiting {
      unsafe writer.write(gapAfter: places + index, shift: shift)
    }
    return unsafe (writer.finish() - target, total)
  }

  /// Lists the places of the set bits of some words; how many there are.
  ///
  /// Four at a time without asking whether there are as many: a question for each bit would be
  /// answered wrongly once a word.
  private static func list(
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
}
