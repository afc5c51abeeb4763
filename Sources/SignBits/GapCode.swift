internal import AlignedBuffers

/// Codes words with few set bits by the gaps between these: Golomb-Rice codes, in two sections.
///
/// A gap g is ⌊g/2^k⌋ zeros and a one, and k low bits; k fits the share of set bits. Where bits are
/// set independently with probability p this is within 3 % of the entropy, from p = 0.065 down to
/// 10^-5: 0.198 bit at 0.03, 0.081 at 0.01. It takes time for each set bit: above, Huffman codes of
/// bytes are faster.
///
/// The code is in words, the lowest bit first:
///
/// 1. k (8 bits) and how many bits are set (56);
/// 2. the low bits: k bytes for each group of eight gaps, first the lowest eight bits of each gap,
///    then those above; the last group is filled up, and 8 to 15 bytes more are spare;
/// 3. the zeros and ones.
///
/// Apart from each other both sections are read by vectors: the places of the ones tell all quotients,
/// whatever their lengths.
///
/// Golomb, "Run-length encodings", 1966; Rice, "Some practical universal noiseless coding
/// techniques", 1979.
@safe
public struct GapCode: ~Copyable {
  /// The share of set bits below which this is the better code.
  public static let densest = 0.065

  /// So many words are too many: places have 32 bits.
  public static let wordLimit = 1 << 25

  static let headWords = 1
  static let largestShift = 16
  /// Words whose set bits are listed at a time, and words of ones.
  private static let listedWords = 256
  private static let listedOnes = 32

  /// A place before the first gap, then the places of set bits or of ones.
  private var places: AlignedBuffer<UInt32>
  /// The quotients of the gaps between these, coded, four by four.
  private var quotients: AlignedBuffer<UInt64>
  /// How far it is from each set bit to the next one.
  private var steps: AlignedBuffer<UInt32>

  /// A coder; allocates 200 kB.
  public init() {
    let mostGaps = 64 * Self.listedWords + GapGroups.size
    places = AlignedBuffer(repeating: 0, count: 1 + mostGaps + SetBits.slack)
    quotients = AlignedBuffer(repeating: 0, count: mostGaps)
    steps = AlignedBuffer(repeating: 0, count: 64 * Self.listedOnes + GapGroups.size)
  }

  /// The k whose power of two is nearest to the mean gap times ln 2, by logarithms: 0.98 is ln 2 times
  /// √2, since the logarithm is rounded down.
  private static func shift(words: Int, setBits: Int) -> Int {
    let quotient = 64 * words * 98 / (100 * max(setBits, 1))
    return min(largestShift, max(0, Int.bitWidth - 1 - quotient.leadingZeroBitCount))
  }

  /// The words of the low bits, and of at least eight bytes that are read with the last ones.
  private static func lowWords(count: Int, shift: Int) -> Int {
    ((count + GapGroups.size - 1) / GapGroups.size * shift + 15) / 8
  }
}

extension GapCode {
  /// Codes words.
  ///
  /// - Parameters:
  ///   - words: Fewer than `wordLimit`.
  ///   - setBits: How many of their bits are set.
  ///   - target: Where the code goes.
  ///   - room: The words of it that the code may take.
  /// - Returns: The words of the code; nil when it might not fit.
  /// - Precondition: As many bits are set as `setBits` says. Traps otherwise.
  /// - Complexity: O(words + set bits); no allocation but of tables, once in a process.
  public mutating func code(
    _ words: Span<UInt64>, setBits: Int, into target: inout MutableSpan<UInt64>, _ room: Range<Int>
  ) -> Int? {
    precondition(
      words.count < Self.wordLimit, "places of 32 bits do not reach \(words.count) words")
    precondition(
      room.lowerBound >= 0 && room.upperBound <= target.count, "a room outside the message")
    let shift = Self.shift(words: words.count, setBits: setBits)
    let ones = Self.headWords + Self.lowWords(count: setBits, shift: shift)
    // Quotients add up to at most all gaps over 2^k.
    let mostBits = setBits + (64 * words.count) >> shift
    // The last store of eight bytes may reach one word further.
    guard ones + mostBits / 64 + 2 <= room.count else { return nil }
    return unsafe words.withUnsafeBufferPointer { words in
      unsafe target.withUnsafeMutableBufferPointer { target in
        guard let start = unsafe target.baseAddress.map({ unsafe $0 + room.lowerBound }) else {
          return nil
        }
        // What the last group leaves of the section.
        for word in ones - 2..<ones { unsafe start[word] = 0 }
        unsafe start[0] = UInt64(shift) | UInt64(setBits) << 8
        let end = unsafe code(
          words, setBits, GapGroups(shift: shift),
          low: UnsafeMutableRawPointer(start + Self.headWords), ones: start + ones)
        return unsafe end - start
      }
    }
  }

  /// Codes the gaps between set bits; where the code ends.
  private mutating func code(
    _ words: UnsafeBufferPointer<UInt64>, _ setBits: Int, _ groups: GapGroups,
    low: UnsafeMutableRawPointer, ones: UnsafeMutablePointer<UInt64>
  ) -> UnsafeMutablePointer<UInt64> {
    guard let places = unsafe places.unsafeElements.baseAddress,
      let quotients = unsafe quotients.unsafeElements.baseAddress
    else { preconditionFailure("a coder without memory") }
    var low = unsafe low
    var writer = unsafe OnesWriter(ones, groups)
    // The first gap is one from the place before all words.
    unsafe places[0] = .max
    var left = setBits
    var waiting = 0
    for first in stride(from: 0, to: words.count, by: Self.listedWords) {
      let range = first..<min(first + Self.listedWords, words.count)
      let listed = unsafe SetBits.listFew(words, range, into: places + 1 + waiting)
      precondition(listed <= left, "more than \(setBits) bits are set")
      left &-= listed
      waiting &+= listed
      let gaps = waiting & ~(GapGroups.size &- 1)
      unsafe groups.code(places, count: gaps, low: &low, quotients: quotients)
      unsafe writer.write(quotients, places, gaps: gaps)
      // Those that fill no group are coded with the next ones.
      waiting &-= gaps
      for index in 0...waiting { unsafe places[index] = places[gaps &+ index] }
    }
    precondition(left == 0, "fewer than \(setBits) bits are set")
    if waiting > 0 {
      for index in waiting..<GapGroups.size { unsafe places[index + 1] = places[index] &+ 1 }
      unsafe groups.code(places, count: GapGroups.size, low: &low, quotients: quotients)
      for index in 0..<waiting { unsafe writer.write(quotientAfter: places + index) }
    }
    return unsafe writer.finish()
  }
}

extension GapCode {
  /// Flips the bits of words that were set in the words coded.
  ///
  /// - Parameters:
  ///   - words: The words; anything, if this is false.
  ///   - code: The code, all of it.
  /// - Returns: Whether it was a code whose set bits lie in so many words.
  /// - Complexity: O(words of the code); no allocation but of tables, once in a process.
  public mutating func flip(_ words: consuming MutableSpan<UInt64>, by code: Span<UInt64>) -> Bool {
    guard code.count > Self.headWords else { return false }
    let shift = Int(code[0] & 0xFF)
    let count = Int(code[0] >> 8)
    guard shift <= Self.largestShift, count <= 64 * words.count else { return false }
    let ones = Self.headWords + Self.lowWords(count: count, shift: shift)
    let mostBits = count == 0 ? 0 : count + (64 * words.count) >> shift
    guard ones <= code.count, code.count - ones <= (mostBits + 63) / 64 else { return false }
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
      let steps = unsafe steps.unsafeElements.baseAddress
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
      // So there are no more groups than have low bits.
      guard waiting <= left else { return false }
      let isLast = range.upperBound == ones.count
      let flips = isLast ? waiting : waiting & ~(GapGroups.size &- 1)
      unsafe groups.decode(places, count: flips, low: &low, into: steps)
      for index in 0..<flips {
        place &+= unsafe UInt64(steps[index])
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
