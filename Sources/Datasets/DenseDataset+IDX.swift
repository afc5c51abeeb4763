extension DenseDataset {
  /// Reads samples and labels from two IDX files, each plain or compressed by gzip.
  ///
  /// The training set's classes are 0 up to its largest label. Labels from 10 on must follow
  /// without a gap (some sample has each label between), which tells a damaged label from a set
  /// of many classes. A test set has the training set's classes, shape and normalization.
  ///
  /// - Parameters:
  ///   - imagePath: A file of rank 2 or more, samples first (`idx3-ubyte` for images).
  ///   - labelPath: A file of rank 1 (`idx1-ubyte`).
  ///   - classCount: The number of classes where it is known.
  ///   - training: The training set when a test set is read.
  /// - Throws: `DatasetError` when a file is missing, unreadable, damaged or does not fit.
  public init(
    imagePath: String, labelPath: String, classCount: Int? = nil, training: DenseDataset? = nil
  ) throws(DatasetError) {
    let labelFile = try IDXFile(path: labelPath, ranks: 1...1)
    let imageFile = try IDXFile(path: imagePath, ranks: 2...255)
    guard imageFile.dimensions[0] == labelFile.dimensions[0] else {
      throw DatasetError(
        file: imagePath,
        .countsDiffer(
          samples: imageFile.dimensions[0], labels: labelFile.dimensions[0], labelFile: labelPath))
    }
    let shape = Array(imageFile.dimensions.dropFirst())
    if let training, training.shape != shape {
      throw DatasetError(
        file: imagePath, .shapesDiffer(expected: training.shape, found: shape))
    }
    let classes = classCount ?? training?.classCount ?? Self.classCount(of: labelFile.bytes)
    if let sample = labelFile.bytes.firstIndex(where: { $0 >= classes }) {
      throw DatasetError(
        file: labelPath,
        .labelOutOfRange(
          sample: sample, label: Int(labelFile.bytes[sample]), classCount: classes))
    }
    self.init(
      pixels: imageFile.bytes, shape: shape, labels: labelFile.bytes.map { Int32($0) },
      classCount: classes, normalization: training?.normalization)
  }

  /// One more than the largest label below 10, or than the last that follows without a gap.
  private static func classCount(of labels: [UInt8]) -> Int {
    var occurs = [Bool](repeating: false, count: 256)
    for label in labels { occurs[Int(label)] = true }
    var classes = (occurs[..<10].lastIndex(of: true) ?? 9) + 1
    if occurs[10...].contains(true) {
      classes = occurs[10...].firstIndex(of: false) ?? 256
    }
    return classes
  }
}
