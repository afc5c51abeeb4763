internal import Foundation

/// Why bytes are no JSON; a few words.
struct JSONDefect: Error, Hashable {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// Walks over the JSON of one line, and makes values only of what is asked for.
///
/// Most of a log is figures that a reader passes by: they are skipped without being read.
struct JSONScanner {
  /// The deepest nesting that is read.
  static let depthLimit = 64

  /// A member's name where it stands, between its quotes.
  typealias Name = Range<Int>

  private let bytes: [UInt8]
  private let end: Int
  private(set) var position: Int

  /// A scanner of a part of bytes.
  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next byte that is not blank, as a carriage return is; nil at the end.
  mutating func next() -> UInt8? {
    while position < end {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
        position += 1
      default: return bytes[position]
      }
    }
    return nil
  }

  /// Goes on by a byte.
  mutating func skipByte() { position += 1 }

  private mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard next() == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  /// Walks over the members of an object.
  ///
  /// - Parameter body: Takes a member's name with the scanner at its value, and reads or skips it.
  mutating func members(
    _ body: (inout JSONScanner, Name) throws(JSONDefect) -> Void
  ) throws(JSONDefect) {
    guard take("{") else { throw JSONDefect("no JSON object") }
    if take("}") { return }
    repeat {
      guard next() == UInt8(ascii: "\"") else { throw JSONDefect("a member without a name") }
      let name = try skipString()
      guard take(":") else { throw JSONDefect("a name without a value") }
      try body(&self, name)
    } while take(",")
    guard take("}") else { throw JSONDefect("an object without its end") }
  }

  /// Checks that nothing follows.
  mutating func finish() throws(JSONDefect) {
    guard next() == nil else { throw JSONDefect("something behind the object") }
  }

  /// Whether a name is this one.
  func name(_ name: Name, is text: StaticString) -> Bool {
    guard name.count == text.utf8CodeUnitCount else { return false }
    let start = name.lowerBound
    return text.withUTF8Buffer { text in
      for index in text.indices where bytes[start + index] != text[index] { return false }
      return true
    }
  }

  /// Skips a string, and says what is between its quotes.
  mutating func skipString() throws(JSONDefect) -> Range<Int> {
    position += 1
    let start = position
    while position < end {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return start..<position - 1
      }
      position += byte == UInt8(ascii: "\\") ? 2 : 1
    }
    throw JSONDefect("a text without its end")
  }

  /// Skips a value of any depth.
  mutating func skip() throws(JSONDefect) {
    var depth = 0
    repeat {
      switch next() {
      case UInt8(ascii: "\""): _ = try skipString()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        position += 1
        continue
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        position += 1
        guard depth >= 0 else { throw JSONDefect("a bracket too many") }
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        guard depth > 0 else { throw JSONDefect("no value") }
        position += 1
        continue
      case nil: throw JSONDefect("a value without its end")
      default: guard !skipWord().isEmpty else { throw JSONDefect("no value") }
      }
    } while depth > 0
  }

  /// Skips a number or a word such as `null`.
  private mutating func skipWord() -> Range<Int> {
    let start = position
    while position < end {
      switch bytes[position] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "+"),
        UInt8(ascii: "."):
        position += 1
      default: return start..<position
      }
    }
    return start..<position
  }

  /// Reads a number, or a text or a word that stands for one that is not finite.
  mutating func number() throws(JSONDefect) -> Double {
    if next() == UInt8(ascii: "\"") {
      let text = try skipString()
      guard let value = notFinite(text) else { throw JSONDefect("a text in place of a number") }
      return value
    }
    let word = skipWord()
    guard let first = word.first.map({ bytes[$0] }) else { throw JSONDefect("no number") }
    if first == UInt8(ascii: "-") || first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9"),
      let value = finite(word)
    {
      return value
    }
    guard let value = notFinite(word) else { throw JSONDefect("a word in place of a number") }
    return value
  }

  /// The decimal number; nil where the word is none.
  private func finite(_ word: Range<Int>) -> Double? {
    var digits = 0
    for index in word.prefix(16) {
      let digit = Int(bytes[index]) - 48
      guard digit >= 0, digit <= 9 else { return converted(word) }
      digits = digits * 10 + digit
    }
    return word.count <= 15 ? Double(digits) : converted(word)
  }

  /// The number by the C library, correctly rounded.
  private func converted(_ word: Range<Int>) -> Double? {
    guard word.count < 64 else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      for (place, index) in word.enumerated() { buffer[place] = CChar(bitPattern: bytes[index]) }
      buffer[word.count] = 0
      var stop: UnsafeMutablePointer<CChar>?
      guard let start = buffer.baseAddress else { return nil }
      let value = strtod(start, &stop)
      return stop == start + word.count && value.isFinite ? value : nil
    }
  }

  private func notFinite(_ word: Range<Int>) -> Double? {
    if name(word, is: "NaN") { return .nan }
    if name(word, is: "Infinity") { return .infinity }
    return name(word, is: "-Infinity") ? -.infinity : nil
  }

  /// Reads a whole number of at most 2^53.
  mutating func integer() throws(JSONDefect) -> Int {
    let value = try number()
    guard let whole = Int(exactly: value), whole.magnitude <= 1 << 53 else {
      throw JSONDefect("no whole number")
    }
    return whole
  }

  /// Reads true or false.
  mutating func bool() throws(JSONDefect) -> Bool {
    _ = next()
    let word = skipWord()
    if name(word, is: "true") { return true }
    guard name(word, is: "false") else { throw JSONDefect("neither true nor false") }
    return false
  }

  /// Skips `null`, if it comes next.
  mutating func skipNull() -> Bool {
    guard next() == UInt8(ascii: "n") else { return false }
    let start = position
    if name(skipWord(), is: "null") { return true }
    position = start
    return false
  }

  /// The bytes of a part.
  subscript(_ range: Range<Int>) -> ArraySlice<UInt8> { bytes[range] }

  /// Skips a number or a word, and says where it was.
  mutating func word() throws(JSONDefect) -> Range<Int> {
    _ = next()
    let word = skipWord()
    guard !word.isEmpty else { throw JSONDefect("no value") }
    return word
  }
}
