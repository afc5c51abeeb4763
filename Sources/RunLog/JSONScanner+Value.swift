internal import Foundation

extension JSONScanner {
  /// Reads the text of the next string, its escapes resolved.
  mutating func string() throws(JSONDefect) -> String {
    guard next() == UInt8(ascii: "\"") else { throw JSONDefect("no text") }
    let range = try skipString()
    let inside = self[range]
    guard inside.contains(UInt8(ascii: "\\")) else {
      return String(decoding: inside, as: UTF8.self)
    }
    // Rare, so Foundation resolves the escapes.
    let quoted = Data("\"".utf8) + Data(inside) + Data("\"".utf8)
    guard
      let text = try? JSONSerialization.jsonObject(with: quoted, options: .fragmentsAllowed)
        as? String
    else { throw JSONDefect("a text with an unknown escape") }
    return text
  }

  /// Reads a value of any kind; members keep their order.
  ///
  /// - Parameter depth: The number of objects and arrays around it.
  mutating func value(depth: Int = 0) throws(JSONDefect) -> JSONValue {
    guard depth < Self.depthLimit else { throw JSONDefect("too many brackets in each other") }
    switch next() {
    case UInt8(ascii: "{"):
      var members: [JSONValue.Member] = []
      try self.members { (scanner, name) throws(JSONDefect) in
        let text = String(decoding: scanner[name], as: UTF8.self)
        members.append(.init(text, try scanner.value(depth: depth + 1)))
      }
      return .object(members)
    case UInt8(ascii: "["): return .array(try values(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    default: return try simple()
    }
  }

  private mutating func values(depth: Int) throws(JSONDefect) -> [JSONValue] {
    var values: [JSONValue] = []
    skipByte()
    if next() == UInt8(ascii: "]") {
      skipByte()
      return values
    }
    while true {
      values.append(try value(depth: depth + 1))
      let byte = next()
      skipByte()
      if byte == UInt8(ascii: "]") { return values }
      guard byte == UInt8(ascii: ",") else { throw JSONDefect("an array without its end") }
    }
  }

  private mutating func simple() throws(JSONDefect) -> JSONValue {
    let before = self
    let word = String(decoding: self[try word()], as: UTF8.self)
    switch word {
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    default:
      if let whole = Int(word) { return .integer(whole) }
      if let whole = UInt64(word) { return .unsigned(whole) }
      self = before
      return .number(try number())
    }
  }
}
