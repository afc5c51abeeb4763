/// The header of a safetensors file, checked: tensors of F32 or U64 that fill the file without gaps.
public struct SafetensorsHeader: Sendable {
  /// A tensor in the file.
  public struct Tensor: Hashable, Sendable {
    /// The name.
    public let name: String
    /// What its elements are.
    public var type = ElementType.float32
    /// The dimensions, the slowest first.
    public let shape: [Int]
    /// The bytes of its data, counted from the end of the header.
    public let bytes: Range<Int>
  }

  /// The tensors, in the order of their data.
  public let tensors: [Tensor]
  /// Texts by name.
  public let metadata: [String: String]
  /// Where the data start in the file.
  let dataStart: Int

  /// Reads the header of a file and checks it in full.
  init(file: borrowing InputFile) throws(CheckpointError) {
    let path = file.path
    let length = try Self.headerLength(of: file)
    var text = [UInt8](repeating: 0, count: length)
    try text.withUnsafeMutableBufferPointer { bytes throws(CheckpointError) in
      try file.read(into: UnsafeMutableRawBufferPointer(bytes), at: 8)
    }
    dataStart = 8 + length
    do throws(CheckpointError.Defect) {
      var parser = SafetensorsHeaderParser(text: text)
      try parser.parse()
      metadata = parser.metadata
      tensors = try Self.checked(parser.tensors, dataBytes: file.count - 8 - length)
    } catch {
      throw CheckpointError(file: path, error)
    }
  }

  /// The header's length, which is checked before memory is taken.
  private static func headerLength(of file: borrowing InputFile) throws(CheckpointError) -> Int {
    guard file.count >= 8 else {
      throw CheckpointError(
        file: file.path, .truncatedHeader(expectedBytes: 8, foundBytes: file.count))
    }
    var length: UInt64 = 0
    try withUnsafeMutableBytes(of: &length) { bytes throws(CheckpointError) in
      try file.read(into: bytes, at: 0)
    }
    guard length <= UInt64(Safetensors.maximumHeaderBytes) else {
      throw CheckpointError(
        file: file.path,
        .headerTooLong(bytes: length, limit: Safetensors.maximumHeaderBytes))
    }
    guard Int(length) <= file.count - 8 else {
      throw CheckpointError(
        file: file.path, .truncatedHeader(expectedBytes: Int(length), foundBytes: file.count))
    }
    return Int(length)
  }

  /// The tensors in the order of their data, checked to fill the data without gap or overlap.
  private static func checked(
    _ entries: [SafetensorsHeaderParser.Entry], dataBytes: Int
  ) throws(CheckpointError.Defect) -> [Tensor] {
    var end = 0
    var tensors: [Tensor] = []
    // Empty tensors come before one that starts at the same place.
    for entry in entries.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      guard let type = ElementType(rawValue: entry.type) else {
        throw .unsupportedType(tensor: entry.name, type: entry.type)
      }
      guard entry.start <= entry.end,
        entry.byteCount(elementBytes: type.byteCount) == entry.end - entry.start
      else {
        throw .sizesDiffer(
          tensor: entry.name, shape: entry.shape, bytes: entry.end &- entry.start)
      }
      guard entry.start >= end else { throw .overlap(tensor: entry.name) }
      guard entry.start == end else { throw .hole(tensor: entry.name) }
      guard entry.end <= dataBytes else {
        throw .beyondEnd(tensor: entry.name, dataBytes: entry.end, foundBytes: dataBytes)
      }
      end = entry.end
      tensors.append(
        Tensor(
          name: entry.name, type: type, shape: entry.shape, bytes: entry.start..<entry.end))
    }
    guard end == dataBytes else { throw .trailingBytes(count: dataBytes - end) }
    return tensors
  }

  /// The tensors of the file that belong to a model's tensors, in the model's order.
  func match(_ expected: [TensorEntry], path: String) throws(CheckpointError) -> [Tensor] {
    let byName = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    var matched: [Tensor] = []
    for entry in expected {
      guard let tensor = byName[entry.name] else {
        throw CheckpointError(file: path, .missingTensor(name: entry.name))
      }
      guard tensor.type == .float32 else {
        throw CheckpointError(
          file: path, .unsupportedType(tensor: tensor.name, type: tensor.type.rawValue))
      }
      guard tensor.shape == entry.shape else {
        throw CheckpointError(
          file: path,
          .shapesDiffer(tensor: entry.name, expected: entry.shape, found: tensor.shape))
      }
      matched.append(tensor)
    }
    let names = Set(expected.map(\.name))
    if let extra = tensors.first(where: { !names.contains($0.name) }) {
      throw CheckpointError(file: path, .unexpectedTensor(name: extra.name))
    }
    return matched
  }
}

extension SafetensorsHeaderParser.Entry {
  /// The bytes that the shape takes; nil where they cannot be counted.
  fileprivate func byteCount(elementBytes: Int) -> Int? {
    var bytes = elementBytes
    for dimension in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      bytes = product
    }
    return bytes
  }
}
