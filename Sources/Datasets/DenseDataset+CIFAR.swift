/// The binary form of CIFAR-10 or CIFAR-100: records of labels and an image of 32 x 32.
///
/// A record has the label's bytes, the class in the last one (CIFAR-100 has the superclass before
/// it), then 1024 red, 1024 green and 1024 blue pixels, row by row.
///
/// Source: Krizhevsky, "The CIFAR-10 dataset", section "Binary version".
struct CIFARFormat {
  let labelBytes: Int
  let classCount: Int

  static let cifar10 = CIFARFormat(labelBytes: 1, classCount: 10)
  static let cifar100 = CIFARFormat(labelBytes: 2, classCount: 100)

  /// Channels x rows x columns.
  static let shape = [3, 32, 32]

  var recordBytes: Int { labelBytes + 3072 }
}

extension DenseDataset {
  /// Reads samples of 3 x 32 x 32 from files of CIFAR's binary form, each plain or compressed by gzip.
  ///
  /// - Parameters:
  ///   - paths: The files, in the order of their samples.
  ///   - training: The training set when a test set is read, for its normalization.
  ///   - memoryLimit: The largest size of the pixels in bytes.
  /// - Throws: `DatasetError` when a file is missing, unreadable or damaged.
  init(
    cifar paths: [String], _ format: CIFARFormat, training: DenseDataset? = nil,
    memoryLimit: Int = machineMemoryBytes
  ) throws(DatasetError) {
    var pixels: [UInt8] = []
    var labels: [Int32] = []
    for path in paths {
      var input = try FileInput(path: path, remedy: "unpack CIFAR's binary version there")
      let plainBytes = input.isCompressed ? 0 : input.fileBytes
      guard plainBytes % format.recordBytes == 0 else {
        throw DatasetError(
          file: path, .partialRecord(recordBytes: format.recordBytes, foundBytes: plainBytes))
      }
      guard plainBytes <= memoryLimit - pixels.count else {
        throw DatasetError(file: path, .tooLarge(bytes: plainBytes, limit: memoryLimit))
      }
      pixels.reserveCapacity(pixels.count + plainBytes)
      let first = labels.count
      try input.readRecords(format) { record throws(DatasetError) in
        let label = Int(record[record.startIndex + format.labelBytes - 1])
        guard label < format.classCount else {
          throw DatasetError(
            file: path,
            .labelOutOfRange(
              sample: labels.count - first, label: label, classCount: format.classCount))
        }
        guard pixels.count < memoryLimit else {
          throw DatasetError(file: path, .tooLarge(bytes: pixels.count, limit: memoryLimit))
        }
        labels.append(Int32(label))
        pixels += record.dropFirst(format.labelBytes)
      }
      guard labels.count > first else { throw DatasetError(file: path, .empty) }
    }
    self.init(
      pixels: pixels, shape: CIFARFormat.shape, labels: labels, classCount: format.classCount,
      normalization: training?.normalization)
  }
}

extension FileInput {
  /// Hands over the records of a file one after the other.
  fileprivate mutating func readRecords(
    _ format: CIFARFormat, _ body: (ArraySlice<UInt8>) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    let size = format.recordBytes
    var piece = [UInt8](repeating: 0, count: 256 * size)
    while true {
      let received = try piece.read(from: &self)
      for start in stride(from: 0, to: received - size + 1, by: size) {
        try body(piece[start..<start + size])
      }
      guard received % size == 0 else {
        throw DatasetError(
          file: path, .partialRecord(recordBytes: size, foundBytes: position))
      }
      guard received == piece.count else { return }
    }
  }
}
