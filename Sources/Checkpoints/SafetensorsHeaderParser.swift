internal import Foundation

/// Reads the JSON of a safetensors header, and nothing but that.
///
/// A parser of our own, since Foundation's takes the last of two equal keys silently, and nests
/// as deep as the file likes.
struct SafetensorsHeaderParser {
  typealias Defect = CheckpointError.Defect

  /// A tensor as the header has it, unchecked.
  struct Entry {
    var name: String
    var type = ""
    var shape: [Int] = []
    var start = 0
    var end = 0
  }

  private let text: [UInt8]
  private var place = 0
  private(set) var tensors: [Entry] = []
  private(set) var metadata: [String: String] = [:]

  init(text: [UInt8]) {
    self.text = text
  }

  /// Reads the whole header; blanks may follow.
  mutating func parse() throws(Defect) {
    guard text.first == UInt8(ascii: "{") else {
      throw .malformedHeader(byte: 0, expected: "'{'")
    }
    try parseObject { parser, key throws(Defect) in
      if key == Safetensors.metadataKey {
        try parser.parseMetadata()
      } else {
        try parser.parseTensor(name: key)
      }
    }
    skipBlanks()
    guard place == text.count else { throw malformed("the end") }
  }

  private mutating func parseMetadata() throws(Defect) {
    try parseObject { parser, key throws(Defect) in
      parser.metadata[key] = try parser.parseString()
    }
  }

  private mutating func parseTensor(name: String) throws(Defect) {
    var entry = Entry(name: name)
    var members = 0
    try parseObject { parser, key throws(Defect) in
      members += 1
      switch key {
      case "dtype":
        entry.type = try parser.parseString()
      case "shape":
        entry.shape = try parser.parseNumbers()
      case "data_offsets":
        let offsets = try parser.parseNumbers()
        guard offsets.count == 2 else { throw parser.malformed("two offsets") }
        (entry.start, entry.end) = (offsets[0], offsets[1])
      default:
        throw parser.malformed("dtype, shape or data_offsets")
      }
    }
    guard members == 3 else { throw malformed("dtype, shape and data_offsets") }
    tensors.append(entry)
  }

  /// Reads an object with different keys; `member` reads the value of each.
  private mutating func parseObject(
    _ member: (inout Self, String) throws(Defect) -> Void
  ) throws(Defect) {
    var keys: Set<String> = []
    try expect("{")
    if take("}") { return }
    repeat {
      let key = try parseString()
      guard keys.insert(key).inserted else { throw .duplicateKey(key: key) }
      try expect(":")
      try member(&self, key)
    } while take(",")
    try expect("}")
  }

  /// Reads a string; escapes are left to Foundation.
  private mutating func parseString() throws(Defect) -> String {
    skipBlanks()
    let start = place
    try expect("\"")
    while place < text.count, text[place] != UInt8(ascii: "\"") {
      place += text[place] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard place < text.count else { throw malformed("the end of a string") }
    place += 1
    let literal = text[start..<place]
    if !literal.contains(where: { $0 == UInt8(ascii: "\\") || $0 < 32 }),
      let string = String(validating: literal.dropFirst().dropLast(), as: UTF8.self)
    {
      return string
    }
    guard let string = try? JSONDecoder().decode(String.self, from: Data(literal)) else {
      place = start
      throw malformed("a string")
    }
    return string
  }

  /// Reads an array of whole numbers from 0.
  private mutating func parseNumbers() throws(Defect) -> [Int] {
    var numbers: [Int] = []
    try expect("[")
    if take("]") { return numbers }
    repeat {
      skipBlanks()
      let start = place
      while place < text.count, text[place] &- UInt8(ascii: "0") < 10 { place += 1 }
      guard let number = Int(String(decoding: text[start..<place], as: UTF8.self)) else {
        throw malformed("a whole number below 2^63")
      }
      numbers.append(number)
    } while take(",")
    try expect("]")
    return numbers
  }

  private mutating func skipBlanks() {
    while place < text.count, [0x20, 0x0A, 0x0D, 0x09].contains(text[place]) { place += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard place < text.count, text[place] == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Defect) {
    guard take(character) else { throw malformed("'\(character)'") }
  }

  private func malformed(_ expected: String) -> Defect {
    .malformedHeader(byte: place, expected: expected)
  }
}
