/// Reads sparse samples in LIBSVM's text format.
///
/// A line is a sample: its label, then `index:value` for features that are not 0, separated by
/// spaces or tabs. Indices start at 1 and ascend. `#` starts a comment; lines without a sample
/// are skipped; a carriage return at the end of a line is accepted. Numbers are decimal, rounded
/// to Double and then to Float.
///
/// Source: LIBSVM's README, "training_set_file"; the comments are SVMlight's.
struct LIBSVMParser {
  typealias Text = Slice<UnsafeBufferPointer<UInt8>>

  /// The largest index: far above any public set, and the parameters still fit in a machine.
  static let maximumIndex = 1 << 28
  /// The largest number of samples: samples are numbered by 32-bit integers.
  static let maximumSamples = Int(Int32.max)
  /// The longest line in bytes.
  static let maximumLineBytes = 1 << 30

  private let path: String
  private let memoryLimit: Int
  private let decimal = DecimalNumber()
  private var lineNumber = 0
  /// Where each sample starts in `columns` and `values`, and where the last one ends.
  private(set) var rowOffsets = [0]
  /// The column of each value, its index - 1.
  private(set) var columns: [Int32] = []
  /// The values.
  private(set) var values: [Float] = []
  /// The label of each sample as it is written.
  private(set) var labels: [Double] = []
  /// The number of the line of each sample.
  private(set) var lines: [Int] = []
  /// The largest index.
  private(set) var width = 0

  /// Parses a file, plain or compressed by gzip.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - memoryLimit: The largest size in bytes of what is kept.
  init(path: String, memoryLimit: Int = machineMemoryBytes) throws(DatasetError) {
    self.path = path
    self.memoryLimit = memoryLimit
    var input = try FileInput(path: path)
    try parse(&input)
    guard !labels.isEmpty else { throw DatasetError(file: path, .empty) }
  }

  /// Reads the file piece by piece; what is left of a line moves to the front of the buffer.
  private mutating func parse(_ input: inout FileInput) throws(DatasetError) {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var filled = 0
    var isLast = false
    while !isLast {
      if filled == buffer.count {
        guard filled < Self.maximumLineBytes else {
          throw DatasetError(
            file: path, line: lineNumber + 1, .lineTooLong(limit: Self.maximumLineBytes))
        }
        buffer.append(contentsOf: repeatElement(0, count: filled))
      }
      filled = try buffer.withUnsafeMutableBufferPointer { bytes throws(DatasetError) in
        let raw = UnsafeMutableRawBufferPointer(bytes)
        let received = try input.read(into: UnsafeMutableRawBufferPointer(rebasing: raw[filled...]))
        isLast = filled + received < bytes.count
        let text = UnsafeBufferPointer(rebasing: bytes[..<(filled + received)])
        let parsed = try parseLines(text, isLast: isLast)
        raw.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[parsed...]))
        return text.count - parsed
      }
      let bytes = 8 * columns.count + 24 * labels.count
      guard bytes <= memoryLimit else {
        throw DatasetError(file: path, .tooLarge(bytes: bytes, limit: memoryLimit))
      }
    }
  }

  /// Parses the whole lines of a text.
  ///
  /// - Returns: The number of bytes parsed.
  private mutating func parseLines(
    _ text: UnsafeBufferPointer<UInt8>, isLast: Bool
  ) throws(DatasetError) -> Int {
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex(of: UInt8(ascii: "\n"))
      guard end != nil || isLast else { break }
      lineNumber += 1
      try parseLine(text[start..<(end ?? text.count)])
      start = end.map { $0 + 1 } ?? text.count
    }
    return start
  }

  private mutating func parseLine(_ line: Text) throws(DatasetError) {
    var place = line.startIndex
    let label = Self.nextField(of: line, from: &place)
    guard !label.isEmpty else { return }
    guard labels.count < Self.maximumSamples else {
      throw error(.tooManySamples(found: labels.count + 1, limit: Self.maximumSamples))
    }
    labels.append(try number(label))
    lines.append(lineNumber)
    var previous = 0
    while true {
      let field = Self.nextField(of: line, from: &place)
      if field.isEmpty { break }
      guard let colon = field.firstIndex(of: UInt8(ascii: ":")) else {
        throw error(.missingColon(text: excerpt(field)))
      }
      let index = try index(field[..<colon])
      guard index > previous else {
        throw error(.indexNotAscending(index: index, previous: previous))
      }
      previous = index
      let value = Float(try number(field[(colon + 1)...]))
      guard value.isFinite else { throw error(.notFinite(text: excerpt(field))) }
      columns.append(Int32(index - 1))
      values.append(value)
    }
    width = max(width, previous)
    rowOffsets.append(columns.count)
  }

  /// The next text between blanks; empty at the end of the line or at a comment.
  private static func nextField(of line: Text, from place: inout Int) -> Text {
    while place < line.endIndex, isBlank(line[place]) { place += 1 }
    let start = place
    while place < line.endIndex, !isBlank(line[place]), line[place] != UInt8(ascii: "#") {
      place += 1
    }
    return line[start..<place]
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  private func number(_ text: Text) throws(DatasetError) -> Double {
    guard let value = decimal.value(of: text) else {
      throw error(.notANumber(text: excerpt(text)))
    }
    guard value.isFinite else { throw error(.notFinite(text: excerpt(text))) }
    return value
  }

  private func index(_ text: Text) throws(DatasetError) -> Int {
    var index = 0
    for byte in text {
      guard byte &- UInt8(ascii: "0") < 10 else {
        throw error(.indexNotPositive(text: excerpt(text)))
      }
      index = index * 10 + Int(byte - UInt8(ascii: "0"))
      guard index <= Self.maximumIndex else {
        throw error(.indexTooLarge(text: excerpt(text), limit: Self.maximumIndex))
      }
    }
    guard index > 0 else { throw error(.indexNotPositive(text: excerpt(text))) }
    return index
  }

  private func error(_ defect: DatasetError.Defect) -> DatasetError {
    DatasetError(file: path, line: lineNumber, defect)
  }

  /// At most 40 bytes of a text from a file, safe to print.
  private func excerpt(_ text: Text) -> String {
    let shown = text.prefix(40).map { byte in
      (32..<127).contains(byte) ? String(UnicodeScalar(byte)) : "?"
    }
    return shown.joined() + (text.count > 40 ? "…" : "")
  }
}
