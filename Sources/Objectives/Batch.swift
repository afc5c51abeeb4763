public import AlignedBuffers

/// The place in a run that closed-form objectives draw their noise for, and networks what they drop.
public struct NoisePosition: Sendable, Hashable {
  /// The seed of the run.
  public var seed: UInt64
  /// The rank (or client) whose batch it is.
  public var rank: Int
  /// The training step.
  public var step: Int

  /// A place in a run.
  public init(seed: UInt64, rank: Int, step: Int) {
    self.seed = seed
    self.rank = rank
    self.step = step
  }
}

/// The samples of one step: made once with a capacity, emptied and filled again for each step.
///
/// Dense features are a row-major matrix, one row a sample. Sparse features are in CSR form:
/// sample i has the columns and values from `rowOffsets[i]` up to `rowOffsets[i + 1]`.
/// Refilling allocates nothing, except that sparse storage grows when a batch has more non-zeros
/// than any before.
public struct Batch: ~Copyable {
  /// How the features are stored.
  public enum Storage: Sendable {
    /// All values of every sample.
    case dense
    /// The non-zero values with their columns.
    case sparse
  }

  /// The largest number of samples.
  public let capacity: Int
  /// The number of features of a sample.
  public let width: Int
  /// How the features are stored.
  public let storage: Storage
  /// The number of samples now in the batch.
  public private(set) var count = 0
  /// The features' values.
  ///
  /// Dense: `capacity` rows of `width` values, of which `count` rows are filled. Sparse: the
  /// values in CSR order, of which `rowOffsets[count]` are filled.
  public private(set) var features: AlignedBuffer<Float>
  /// The column of each value of sparse features, ascending within a sample; else empty.
  public private(set) var columns: AlignedBuffer<Int32>
  /// Where each sample of sparse features starts, `capacity` + 1 elements; else empty.
  public private(set) var rowOffsets: AlignedBuffer<Int32>
  /// The class of each sample, `capacity` elements of which `count` are filled.
  public private(set) var labels: AlignedBuffer<Int32>
  /// The place that random numbers are drawn for.
  public var noise = NoisePosition(seed: 0, rank: 0, step: 0)

  /// An empty batch.
  ///
  /// - Precondition: `capacity` and `width` are not negative and their product fits in memory.
  public init(capacity: Int, width: Int, storage: Storage = .dense) {
    precondition(capacity >= 0 && width >= 0, "a batch cannot be \(capacity) x \(width)")
    self.capacity = capacity
    self.width = width
    self.storage = storage
    let (values, overflow) = capacity.multipliedReportingOverflow(by: width)
    precondition(!overflow, "\(capacity) x \(width) features do not fit in the address space")
    let isSparse = storage == .sparse
    features = AlignedBuffer(repeating: 0, count: isSparse ? 0 : values)
    columns = AlignedBuffer(repeating: 0, count: 0)
    rowOffsets = AlignedBuffer(repeating: 0, count: isSparse ? capacity + 1 : 0)
    labels = AlignedBuffer(repeating: 0, count: capacity)
  }

  /// Empties the batch.
  public mutating func removeAll() {
    count = 0
  }

  /// Makes the batch `count` samples without features, as closed-form objectives take them.
  ///
  /// - Precondition: The width is 0 and `count` is at most the capacity.
  public mutating func removeAll(leaving count: Int) {
    precondition(width == 0 && count >= 0 && count <= capacity, "\(count) samples do not fit")
    self.count = count
  }

  /// Adds a sample to a dense batch.
  ///
  /// - Parameters:
  ///   - label: The sample's class.
  ///   - write: Writes the sample's `width` features, whose old content is unspecified.
  /// - Throws: What `write` throws; the sample is then not added.
  /// - Precondition: The batch is dense and not full.
  public mutating func append<Failure: Error>(
    label: Int32, _ write: (inout MutableSpan<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    precondition(storage == .dense && count < capacity, "the batch is sparse or full")
    var row = features.mutableSpan(in: count * width..<(count + 1) * width)
    try write(&row)
    labels[count] = label
    count += 1
  }

  /// Adds a sample to a sparse batch.
  ///
  /// - Parameters:
  ///   - label: The sample's class.
  ///   - columns: The places of the non-zero features, strictly ascending, below `width`.
  ///   - values: The features at these places.
  /// - Precondition: The batch is sparse and not full; `columns` and `values` are of one length;
  ///   the batch stays below 2^31 non-zeros.
  /// - Complexity: O(`columns.count`), amortised.
  public mutating func append(label: Int32, columns: Span<Int32>, values: Span<Float>) {
    precondition(storage == .sparse && count < capacity, "the batch is dense or full")
    precondition(columns.count == values.count, "\(columns.count) columns, \(values.count) values")
    let start = Int(rowOffsets[count])
    let end = start + columns.count
    reserve(end, keeping: start)
    var previous: Int32 = -1
    for index in 0..<columns.count {
      let column = columns[index]
      precondition(column > previous && Int(column) < width, "column \(column) not in order")
      previous = column
      self.columns[start + index] = column
      features[start + index] = values[index]
    }
    labels[count] = label
    count += 1
    rowOffsets[count] = Int32(end)
  }

  /// Doubles the sparse storage until `needed` values fit, keeping the first `filled`.
  private mutating func reserve(_ needed: Int, keeping filled: Int) {
    guard needed > features.count else { return }
    let enough = max(needed, 2 * features.count, 1024)
    var newFeatures = AlignedBuffer<Float>(repeating: 0, count: enough)
    var newColumns = AlignedBuffer<Int32>(repeating: 0, count: enough)
    for index in 0..<filled {
      newFeatures[index] = features[index]
      newColumns[index] = columns[index]
    }
    features = newFeatures
    columns = newColumns
  }
}
