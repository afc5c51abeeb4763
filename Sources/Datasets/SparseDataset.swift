/// Labelled samples of which most features are 0, in compressed sparse rows.
public struct SparseDataset: Sendable {
  /// The number of features of a sample: the largest index of the training set.
  public let width: Int
  /// The label as the training set writes it of each class, ascending: class 0 has the smallest.
  public let classLabels: [Double]
  /// The class of each sample.
  public let labels: [Int32]
  /// Where each sample starts in `columns` and `values`, and where the last one ends.
  public let rowOffsets: [Int]
  /// The column of each value, ascending within a sample, below `width`.
  public let columns: [Int32]
  /// The features that are not 0.
  public let values: [Float]
  /// The largest number of values of a sample.
  public let maximumRowNonzeros: Int

  /// The number of samples.
  public var count: Int { labels.count }
  /// The number of classes.
  public var classCount: Int { classLabels.count }

  /// Reads a file in LIBSVM's text format, plain or compressed by gzip.
  ///
  /// The different labels of the training set, in ascending order, are the classes 0, 1, …; so
  /// -1 and +1 become 0 and 1. A test set has the training set's classes and width; features that
  /// the training set never has are left out, since no parameter belongs to them.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - training: The training set when a test set is read.
  /// - Throws: `DatasetError` with the line when the file is not in the format.
  /// - Complexity: O(bytes of the file); keeps 8 bytes a value.
  public init(libsvm path: String, training: SparseDataset? = nil) throws(DatasetError) {
    let parser = try LIBSVMParser(path: path)
    let classLabels = training?.classLabels ?? Set(parser.labels).sorted()
    var labels: [Int32] = []
    labels.reserveCapacity(parser.labels.count)
    for (sample, label) in parser.labels.enumerated() {
      guard let index = classLabels.sortedIndex(of: label) else {
        throw DatasetError(
          file: path, line: parser.lines[sample], .unknownLabel(text: String(label)))
      }
      labels.append(Int32(index))
    }
    self.init(
      width: training?.width ?? parser.width, classLabels: classLabels, labels: labels,
      parser: parser)
  }

  private init(width: Int, classLabels: [Double], labels: [Int32], parser: LIBSVMParser) {
    self.width = width
    self.classLabels = classLabels
    self.labels = labels
    if parser.width <= width {
      (rowOffsets, columns, values) = (parser.rowOffsets, parser.columns, parser.values)
    } else {
      var rowOffsets = [0]
      var columns: [Int32] = []
      var values: [Float] = []
      for sample in labels.indices {
        for place in parser.rowOffsets[sample]..<parser.rowOffsets[sample + 1]
        where parser.columns[place] < width {
          columns.append(parser.columns[place])
          values.append(parser.values[place])
        }
        rowOffsets.append(columns.count)
      }
      (self.rowOffsets, self.columns, self.values) = (rowOffsets, columns, values)
    }
    maximumRowNonzeros = zip(rowOffsets, rowOffsets.dropFirst()).reduce(0) { most, row in
      max(most, row.1 - row.0)
    }
  }

  /// Where the values of a sample lie in `columns` and `values`.
  ///
  /// - Precondition: `sample` lies in 0..<`count`.
  public func row(_ sample: Int) -> Range<Int> {
    rowOffsets[sample]..<rowOffsets[sample + 1]
  }
}

extension [Double] {
  /// The place of a value in an ascending array, by bisection.
  fileprivate func sortedIndex(of value: Double) -> Int? {
    var bounds = 0..<count
    while bounds.count > 1 {
      let middle = bounds.lowerBound + bounds.count / 2
      bounds = value < self[middle] ? bounds.lowerBound..<middle : middle..<bounds.upperBound
    }
    return bounds.first.flatMap { self[$0] == value ? $0 : nil }
  }
}
