import AlignedBuffers
import Checkpoints
import Objectives

/// Reads a rank's state from a checkpoint, of whatever number of ranks.
///
/// What is the same on all ranks is read by all, arrays that all hold together are divided anew. A
/// rank's own tensors, with N ranks now and M then: rank r takes the mean of those of the ranks r,
/// r + N, r + 2N, … below M, summed in this order in Float32 and divided by their number; where
/// there is none, a copy of those of rank r mod M. For N = M that is its own, to the bit. Counts and
/// planes of signs have no mean: the first one's are taken. Of running statistics all ranks take the
/// mean of all M.
struct CheckpointRestore {
  let folder: String
  let manifest: CheckpointManifest
  let content: CheckpointContent

  /// Restores parameters and state.
  ///
  /// Local. The files' hashes have been checked.
  ///
  /// - Throws: `CheckpointError` when a file is not of this model and algorithm.
  func run() throws {
    let state = content.state
    let weights = "\(folder)/\(CheckpointFolder.weightsFile)"
    let statistics = content.statistics?.statistics
    try ModelFile.read(weights, into: state, statistics)
    let hash = state.parameters.withSpan(WeightHash.init(of:)).description
    guard hash == manifest.weightHash else {
      throw CheckpointError(
        file: weights, .hashDiffers(expected: manifest.weightHash, found: hash))
    }
    try content.withState { tensor, bytes in
      switch tensor.place {
      case .shared:
        try StateFile(path: "\(folder)/\(CheckpointFolder.sharedFile)")
          .read(tensor.description, into: bytes)
      case .rank: try readOwn(tensor, into: bytes)
      case .slice(let count, let first):
        try readSlice(tensor, of: count, from: first, into: bytes)
      }
    }
    if let statistics, content.ranks != manifest.ranks {
      statistics.own.copy(from: statistics.evaluated)
    }
  }

  /// The ranks of the checkpoint whose tensors a rank takes the mean of.
  static func sources(rank: Int, ranks: Int, before: Int) -> [Int] {
    rank < before ? Array(stride(from: rank, to: before, by: ranks)) : [rank % before]
  }

  /// What becomes of the state with another number of ranks; nil with the same one.
  static func mapping(from before: Int, to ranks: Int) -> String? {
    if before == ranks { return nil }
    return before > ranks
      ? "rank r takes the mean of the momenta of ranks r, r+\(ranks), … of \(before)"
      : "rank r takes a copy of the momentum of rank r mod \(before)"
  }

  private func file(_ rank: Int) throws(CheckpointError) -> StateFile {
    try StateFile(path: "\(folder)/\(CheckpointFolder.rankFile(rank, of: manifest.ranks))")
  }

  private func readOwn(_ tensor: StateTensor, into bytes: consuming MutableRawSpan) throws {
    var bytes = bytes
    let sources = Self.sources(
      rank: content.rank, ranks: content.ranks, before: manifest.ranks)
    let first = try file(sources[0])
    try Self.withPart(of: &bytes, 0..<bytes.byteCount) {
      try first.read(tensor.description, into: $0)
    }
    guard tensor.type == .float32, sources.count > 1 else { return }
    let count = bytes.byteCount / 4
    var other = AlignedBuffer<Float>(repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { raw in
      let sum = raw.bindMemory(to: Float.self)
      for source in sources.dropFirst() {
        try other.withMutableSpan { span in
          var span = span
          try file(source).read(tensor.description, into: span.mutableBytes)
        }
        for index in 0..<count { sum[index] += other[index] }
      }
      let divisor = Float(sources.count)
      for index in 0..<count { sum[index] /= divisor }
    }
  }

  /// Reads a part of an array that the ranks of the checkpoint held together; what none of them held
  /// is zero.
  private func readSlice(
    _ tensor: StateTensor, of total: Int, from first: Int,
    into bytes: consuming MutableRawSpan
  ) throws {
    var bytes = bytes
    let size = tensor.type.byteCount
    let wanted = first..<first + bytes.byteCount / size
    bytes.withUnsafeMutableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) }
    // The own file first: with the same ranks it is the only one that is opened.
    var missing = wanted.count
    for source in [content.rank % manifest.ranks] + (0..<manifest.ranks) where missing > 0 {
      let file = try file(source)
      let stored = try file.tensor(tensor.name)
      let place = try Self.place(of: stored, in: file, total: total, type: tensor.type)
      let part = wanted.clamped(to: place)
      guard !part.isEmpty, source != content.rank % manifest.ranks || missing == wanted.count
      else { continue }
      let target =
        (part.lowerBound - wanted.lowerBound) * size..<(part.upperBound - wanted.lowerBound) * size
      try Self.withPart(of: &bytes, target) {
        try file.read(stored, from: (part.lowerBound - place.lowerBound) * size, into: $0)
      }
      missing -= part.count
    }
  }

  /// Lends some of the bytes.
  private static func withPart(
    of bytes: inout MutableRawSpan, _ range: Range<Int>,
    _ body: (consuming MutableRawSpan) throws -> Void
  ) throws {
    try bytes.withUnsafeMutableBytes {
      try body(
        MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: $0[range])))
    }
  }

  /// Which elements of the whole array a file holds.
  private static func place(
    of tensor: SafetensorsHeader.Tensor, in file: borrowing StateFile, total: Int,
    type: ElementType
  ) throws(CheckpointError) -> Range<Int> {
    guard tensor.type == type else {
      throw CheckpointError(
        file: file.path, .unsupportedType(tensor: tensor.name, type: tensor.type.rawValue))
    }
    let numbers = (file.header.metadata["slice.\(tensor.name)"] ?? "").split(separator: " ")
      .compactMap { Int($0) }
    let count = tensor.bytes.count / type.byteCount
    guard numbers.count == 2, numbers[1] == total, numbers[0] >= 0, numbers[0] <= total - count
    else {
      throw CheckpointError(
        file: file.path,
        .shapesDiffer(tensor: tensor.name, expected: [total], found: tensor.shape))
    }
    return numbers[0]..<numbers[0] + count
  }
}
