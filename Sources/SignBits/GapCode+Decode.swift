extension GapCode {
  /// Flips the bits of words that were set in the words coded.
  ///
  /// - Parameters:
  ///   - words: The words; anything, if the code is none.
  ///   - code: The code, all of it.
  /// - Returns: Whether it was a code of so many words.
  /// - Complexity: O(set bits); no allocation.
  public static func flip(_ words: consuming MutableSpan<UInt64>, by code: Span<UInt64>) -> Bool {
    guard code.count >= headWords + 2 else { return false }
    let shift = code[0] & 0xFF
    let firstWords = Int(truncatingIfNeeded: code[0] >> 8)
    let counts = (Int(code[1] & 0xFFFF_FFFF), Int(code[1] >> 32))
    guard shift <= largestShift, firstWords >= 1, firstWords < code.count - headWords else {
      return false
    }
    return unsafe code.withUnsafeBytes { code in
      unsafe words.withUnsafeMutableBufferPointer { words in
        let reader = unsafe GapReader(code, shift, words)
        var first = GapReader.Place(bit: 64 * headWords, next: 0)
        var second = GapReader.Place(
          bit: 64 * (headWords + firstWords), next: 64 * (words.count / 2))
        let pairs = min(counts.0, counts.1) / 2
        for _ in 0..<pairs {
          guard unsafe reader.flipNextTwo(&first), unsafe reader.flipNextTwo(&second) else {
            return false
          }
        }
        for _ in 0..<counts.0 - 2 * pairs {
          guard unsafe reader.flipNext(&first) else { return false }
        }
        for _ in 0..<counts.1 - 2 * pairs {
          guard unsafe reader.flipNext(&second) else { return false }
        }
        return true
      }
    }
  }
}

/// Flips the bits of words that streams of gaps tell.
///
/// Both streams are held to the bounds of the whole: that keeps them within memory, with less to
/// remember between two bits.
@unsafe
private struct GapReader {
  /// Where a stream is: its next bit, and the place after the last one that it flipped.
  struct Place {
    var bit: Int
    var next: Int
  }

  private static let windowBits: UInt64 = 57

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

  /// Flips the next two bits as `flipNext(_:)` does, after one load where their gaps are short.
  @inline(__always)
  func flipNextTwo(_ place: inout Place) -> Bool {
    guard unsafe place.bit < end else { return false }
    let window = unsafe window(at: place.bit)
    let zeros = UInt64(truncatingIfNeeded: window.trailingZeroBitCount)
    let length = unsafe zeros &+ 1 &+ shift
    let rest = window &>> length
    let nextZeros = UInt64(truncatingIfNeeded: rest.trailingZeroBitCount)
    let bothLengths = unsafe length &+ nextZeros &+ 1 &+ shift
    // Also where `length` is beyond the word and `rest` is nonsense.
    guard unsafe bothLengths <= Self.windowBits else {
      return unsafe flipNext(&place) && flipNext(&place)
    }
    place.bit &+= Int(truncatingIfNeeded: bothLengths)
    let found = unsafe place.next &+ gap(zeros, in: window)
    let nextFound = unsafe found &+ 1 &+ gap(nextZeros, in: rest)
    guard unsafe nextFound < limit else { return false }
    unsafe flip(found)
    unsafe flip(nextFound)
    place.next = nextFound &+ 1
    return true
  }

  /// Flips the next bit; false where the code ends or tells a place outside the words.
  @inline(__always)
  func flipNext(_ place: inout Place) -> Bool {
    var quotient: UInt64 = 0
    while true {
      guard unsafe place.bit < end else { return false }
      let window = unsafe window(at: place.bit)
      if window & 0xFFFF_FFFF == 0 {
        place.bit &+= 32
        quotient &+= 32
        continue
      }
      let zeros = UInt64(truncatingIfNeeded: window.trailingZeroBitCount)
      unsafe place.bit &+= Int(truncatingIfNeeded: zeros &+ 1 &+ shift)
      let skipped = unsafe Int(truncatingIfNeeded: quotient &<< shift)
      let found = unsafe place.next &+ skipped &+ gap(zeros, in: window)
      guard unsafe found >= 0 && found < limit else { return false }
      unsafe flip(found)
      place.next = found &+ 1
      return true
    }
  }

  /// The bits of a stream from one on, `windowBits` of them at least.
  @inline(__always)
  private func window(at bit: Int) -> UInt64 {
    unsafe code.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self)
      &>> UInt64(truncatingIfNeeded: bit & 7)
  }

  /// The gap that bits begin with, of which so many are the zeros.
  @inline(__always)
  private func gap(_ zeros: UInt64, in bits: UInt64) -> Int {
    unsafe Int(truncatingIfNeeded: zeros &<< shift | (bits &>> (zeros &+ 1)) & low)
  }

  @inline(__always)
  private func flip(_ place: Int) {
    unsafe words[place &>> 6] ^= 1 &<< UInt64(truncatingIfNeeded: place & 63)
  }
}
