/// Reads decimal numbers from text: correctly rounded, without allocation for usual ones.
struct DecimalNumber {
  /// The powers of ten that a Double holds exactly.
  private let powers: [Double] = (0...22).map { power in
    (0..<power).reduce(1.0) { value, _ in value * 10 }
  }

  /// The number nearest to a text such as `-12.5`, `+1` or `3e-4`; nil where it is none.
  ///
  /// Up to 15 digits with a decimal exponent of at most 22 are an exact integer times or divided
  /// by an exact power of ten, so one operation rounds correctly. Others take the slow way.
  func value(of text: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
    var mantissa = 0
    var digits = 0
    var fraction = 0
    var sawPoint = false
    var place = text.startIndex
    let isNegative = place < text.endIndex && text[place] == UInt8(ascii: "-")
    if isNegative || (place < text.endIndex && text[place] == UInt8(ascii: "+")) { place += 1 }
    while place < text.endIndex {
      let byte = text[place]
      if byte &- UInt8(ascii: "0") < 10 {
        guard digits < 15 else { return slowValue(of: text) }
        mantissa = mantissa &* 10 &+ Int(byte &- UInt8(ascii: "0"))
        digits += 1
        if sawPoint { fraction += 1 }
      } else if byte == UInt8(ascii: "."), !sawPoint {
        sawPoint = true
      } else {
        return slowValue(of: text)
      }
      place += 1
    }
    guard digits > 0 else { return nil }
    let magnitude = Double(mantissa) / powers[fraction]
    return isNegative ? -magnitude : magnitude
  }

  private func slowValue(of text: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
    Double(String(decoding: text, as: UTF8.self))
  }
}
