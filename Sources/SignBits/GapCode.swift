internal import AlignedBuffers

/// Codes words with few set bits by the gaps between these: Golomb-Rice codes, in two sections.
///
/// A gap g is ⌊g/2^k⌋ zeros and a one, and k low bits; k fits the share of set bits. Where bits are
/// set independently with probability p this is within 2 % of the entropy, down to any p that occurs:
/// 0.198 bit at 0.03, 0.081 at 0.01. It takes time for each set bit: Huffman codes of bytes are faster
/// above p = 0.045.
///
/// The code is a word (k, 8 bits, and how many bits are set, 56), the low bits, and the zeros and
/// ones. Apart from each other both are read by vectors: the low bits of eight gaps take k bytes, and
/// the places of the ones tell all quotients, whatever their lengths.
///
/// Golomb, "Run-length encodings", 1966; Rice, "Some practical universal noiseless coding
/// techniques", 1979.
@safe
public struct GapCode: ~Copyable {
  /// The share of set bits below which this is the better code.
  public static let densest = 0.045

  static let headWords = 1
  static let largestShift = 16
  /// Words whose set bits are listed at a time, and words of ones.
  private static let listedWords = 256
  private static let listedOnes = 32

  /// A place before the first gap, then the places of set bits or of ones.
  private var places: AlignedBuffer<UInt32>
  /// The quotients of the gaps between these, coded, four by four.
  private var quotients: AlignedBuffer<UInt64>
  /// The gaps that ones and low bits tell.
  private var gaps: AlignedBuffer<UInt32>

  /// A coder; allocates 200 kB.
  public init() {
    let mostGaps = 64 * Self.listedWords + GapGroups.size
    places = AlignedBuffer(repeating: 0, count: 1 + mostGaps + SetBits.slack)
    quotients = AlignedBuffer(repeating: 0, count: mostGaps)
    gaps = AlignedBuffer(repeating: 0, count: 64 * Self.listedOnes + 2 * GapGroups.size)
  }

  /// The k whose power of two is nearest to the mean gap times ln 2.
  private static func shift(words: Int, setBits: Int) -> Int {
    let quotient = 64 * words * 98 / (100 * max(setBits, 1))
    return min(largestShift, max(0, Int.bitWidth - 1 - quotient.leadingZeroBitCount))
  }

  /// The words of the low bits; eight bytes more than they take, for what is read with them.
  private static func lowWords(count: Int, shift: Int) -> Int {
    ((count + GapGroups.size - 1) / GapGroups.size * shift + 15) / 8
  }
}

extension GapCode {
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
    let ones = Self.headWords + Self.lowWords(count: setBits, shift: shift)
    // Quotients add up to at most all gaps over 2^k.
    let mostBits = setBits + (64 * words.count) >> shift
    guard ones + mostBits / 64 + 3 <= room.count else { return nil }
    return unsafe words.withUnsafeBufferPointer { words in
      unsafe target.withUnsafeMutableBufferPointer { target in
        guard let start = unsafe target.baseAddress.map({ unsafe $0 + room.lowerBound }) else {
          return nil
        }
        // The last group may leave as many.
        for word in max(ones - 2, 0)..<ones { unsafe start[word] = 0 }
        unsafe start[0] = UInt64(shift) | UInt64(setBits) << 8
        let end = unsafe code(
          words, GapGroups(shift: shift), low: UnsafeMutableRawPointer(start + Self.headWords),
          ones: start + ones)
        return unsafe end - start
      }
    }
  }

  /// Codes the gaps between set bits; where the code ends.
  private mutating func code(
    _ words: UnsafeBufferPointer<UInt64>, _ groups: GapGroups, low: UnsafeMutableRawPointer,
    ones: UnsafeMutablePointer<UInt64>
  ) -> UnsafeMutablePointer<UInt64> {
    guard let places = unsafe places.unsafeElements.baseAddress,
      let quotients = unsafe quotients.unsafeElements.baseAddress
    else { preconditionFailure("a coder without memory") }
    var low = unsafe low
    var writer = unsafe OnesWriter(ones, groups)
    // The first gap is one from the place before all words.
    unsafe places[0] = .max
    var waiting = 0
    for first in stride(from: 0, to: words.count, by: Self.listedWords) {
      let range = first..<min(first + Self.listedWords, words.count)
      waiting &+= unsafe SetBits.listFew(words, range, into: places + 1 + waiting)
      let gaps = waiting & ~(GapGroups.size &- 1)
      unsafe groups.code(places, count: gaps, low: &low, quotients: quotients)
      unsafe writer.write(quotients, places, gaps: gaps)
      // Those that fill no group are coded with the next ones.
      waiting &-= gaps
      for index in 0...waiting { unsafe places[index] = places[gaps &+ index] }
    }
    if waiting > 0 {
      for index in waiting..<GapGroups.size { unsafe places[index + 1] = places[index] &+ 1 }
      unsafe groups.code(places, count: GapGroups.size, low: &low, quotients: quotients)
      for index in 0..<waiting { unsafe writer.write(gapAfter: places + index) }
    }
    return unsafe writer.finish()
  }
}

extension GapCode {
  /// Flips the bits of words that were set in the words coded.
  ///
  /// - Parameters:
  ///   - words: The words; anything, if the code is none.
  ///   - code: The code, all of it.
  /// - Returns: Whether it was a code of so many words.
  /// - Complexity: O(set bits); no allocation.
  public mutating func flip(_ words: consuming MutableSpan<UInt64>, by code: Span<UInt64>) -> Bool {
    guard code.count > Self.headWords else { return false }
    let shift = Int(code[0] & 0xFF)
    let count = Int(code[0] >> 8)
    guard shift <= Self.largestShift, count <= 64 * words.count else { return false }
    let ones = Self.headWords + Self.lowWords(count: count, shift: shift)
    guard ones <= code.count, (ones < code.count) == (count > 0) else { return false }
    return unsafe code.withUnsafeBufferPointer { code in
      guard let start = code.baseAddress else { return false }
      return unsafe words.withUnsafeMutableBufferPointer { words in
        unsafe flip(
          words, GapGroups(shift: shift), count: count,
          low: UnsafeRawPointer(start + Self.headWords),
          ones: UnsafeBufferPointer(rebasing: code[ones...]))
      }
    }
  }

  /// Flips as many bits as there are gaps; false where there are others, or a place outside.
  private mutating func flip(
    _ words: UnsafeMutableBufferPointer<UInt64>, _ groups: GapGroups, count: Int,
    low: UnsafeRawPointer, ones: UnsafeBufferPointer<UInt64>
  ) -> Bool {
    guard let places = unsafe places.unsafeElements.baseAddress,
      let gaps = unsafe gaps.unsafeElements.baseAddress
    else { preconditionFailure("a coder without memory") }
    let limit = UInt64(64 * words.count)
    var low = unsafe low
    var place = UInt64.max
    var left = count
    unsafe places[0] = .max
    var waiting = 0
    for first in stride(from: 0, to: ones.count, by: Self.listedOnes) {
      let range = first..<min(first + Self.listedOnes, ones.count)
      waiting &+= unsafe SetBits.listMany(ones, range, into: places + 1 + waiting)
      // This keeps to the low bits that are there.
      guard waiting <= left else { return false }
      let isLast = range.upperBound == ones.count
      let flips = isLast ? waiting : waiting & ~(GapGroups.size &- 1)
      unsafe groups.decode(places, count: flips, low: &low, into: gaps)
      for index in 0..<flips {
        place &+= unsafe UInt64(gaps[index])
        guard place < limit else { return false }
        unsafe words[Int(truncatingIfNeeded: place &>> 6)] ^= 1 &<< (place & 63)
      }
      left &-= flips
      waiting &-= flips
      for index in 0...waiting { unsafe places[index] = places[flips &+ index] }
    }
    return left == 0
  }
}
