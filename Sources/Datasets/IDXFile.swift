/// The content of an IDX file of unsigned bytes: labels (rank 1) or samples (rank 2 and more).
///
/// The format: two zero bytes, the type (8 is unsigned byte), the number of dimensions, each
/// dimension as a 32-bit number with the high byte first, then the elements, the last dimension
/// fastest. Other element types are refused.
///
/// Source: LeCun, Cortes, Burges, "The MNIST database", section "File formats".
struct IDXFile {
  /// The largest number of samples: samples are numbered by 32-bit integers.
  static let maximumSamples = Int(Int32.max)

  let path: String
  /// The dimensions, the number of samples first; all are positive.
  let dimensions: [Int]
  /// The elements, as many as the product of the dimensions.
  let bytes: [UInt8]

  /// Reads a file, plain or compressed by gzip.
  ///
  /// The header is checked against the limits and the file's size before memory is taken;
  /// compressed data are inflated in pieces, so a header that lies takes no memory.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - ranks: The numbers of dimensions to accept.
  ///   - memoryLimit: The largest size of the elements in bytes.
  init(
    path: String, ranks: ClosedRange<Int>, memoryLimit: Int = machineMemoryBytes
  ) throws(DatasetError) {
    var input = try FileInput(path: path)
    let rank = try Self.readRank(from: &input, accepting: ranks)
    dimensions = try Self.readDimensions(from: &input, rank: rank)
    self.path = path
    var payload = 1
    for dimension in dimensions {
      let (product, overflow) = payload.multipliedReportingOverflow(by: dimension)
      payload = overflow ? Int.max : product
    }
    guard payload <= min(memoryLimit, 1 << 48) else {
      throw DatasetError(file: path, .tooLarge(bytes: payload, limit: memoryLimit))
    }
    bytes = try Self.readElements(from: &input, count: payload)
  }

  private static func readRank(
    from input: inout FileInput, accepting ranks: ClosedRange<Int>
  ) throws(DatasetError) -> Int {
    let magic = try readHeader(from: &input, count: 4)
    let rank = Int(magic[3])
    guard magic[0...2] == [0, 0, 8], ranks.contains(rank) else {
      let expected = ranks.count == 1 ? "00000801 (labels)" : "00000803 (images)"
      let found = magic.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
      throw DatasetError(
        file: input.path, .wrongMagic(expected: expected, found: found.joined()))
    }
    return rank
  }

  private static func readDimensions(
    from input: inout FileInput, rank: Int
  ) throws(DatasetError) -> [Int] {
    let header = try readHeader(from: &input, count: 4 * rank)
    let dimensions = stride(from: 0, to: header.count, by: 4).map { start in
      header[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    guard dimensions[0] <= maximumSamples else {
      throw DatasetError(
        file: input.path, .tooManySamples(found: dimensions[0], limit: maximumSamples))
    }
    guard !dimensions.contains(0) else { throw DatasetError(file: input.path, .empty) }
    return dimensions
  }

  private static func readHeader(
    from input: inout FileInput, count: Int
  ) throws(DatasetError) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: count)
    let received = try header.read(from: &input)
    guard received == count else {
      throw DatasetError(
        file: input.path,
        .truncated(expectedBytes: input.position - received + count, foundBytes: input.position))
    }
    return header
  }

  private static func readElements(
    from input: inout FileInput, count: Int
  ) throws(DatasetError) -> [UInt8] {
    let expected = input.position + count
    let limit = input.isCompressed ? input.fileBytes * FileInput.maximumExpansion : input.fileBytes
    guard expected <= limit else {
      throw DatasetError(
        file: input.path, .truncated(expectedBytes: expected, foundBytes: limit))
    }
    var elements: [UInt8] = []
    elements.reserveCapacity(min(count, 1 << 26))
    var piece = [UInt8](repeating: 0, count: min(count, 1 << 20))
    while elements.count < count {
      let wanted = min(piece.count, count - elements.count)
      if wanted < piece.count { piece.removeLast(piece.count - wanted) }
      let received = try piece.read(from: &input)
      elements.append(contentsOf: piece.prefix(received))
      guard received == wanted else {
        throw DatasetError(
          file: input.path, .truncated(expectedBytes: expected, foundBytes: input.position))
      }
    }
    // One byte more also makes zlib verify the checksum.
    var extra: [UInt8] = [0]
    guard try extra.read(from: &input) == 0 else {
      throw DatasetError(file: input.path, .trailingBytes(expectedBytes: expected))
    }
    return elements
  }
}

extension [UInt8] {
  /// Fills the array from a file; the number of bytes received is smaller only at its end.
  mutating func read(from input: inout FileInput) throws(DatasetError) -> Int {
    try withUnsafeMutableBufferPointer { buffer throws(DatasetError) in
      try input.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
  }
}
