import AlignedBuffers
import Checkpoints
import Objectives

/// What a rank writes into a checkpoint: which tensors into which files, and where they are.
struct CheckpointContent {
  /// A file of the rank.
  struct File: Sendable {
    let name: String
    let tensors: [TensorDescription]
    let metadata: [String: String]

    /// The bytes of its tensors.
    var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }
  }

  let state: ModelState
  let optimizer: any DistributedOptimizer
  let source: GradientSource
  /// Running statistics, where the objective has any.
  let statistics: StatisticsMean?
  let modelMetadata: [String: String]
  let rank: Int
  let ranks: Int

  /// The files of this rank; the keeper writes what all ranks have alike.
  func files(isKeeper: Bool) throws -> [File] {
    var own: [StateTensor] = []
    var shared: [StateTensor] = []
    try withState { tensor, _ in
      if tensor.place == .shared { shared.append(tensor) } else { own.append(tensor) }
    }
    let slices = own.compactMap { tensor in tensor.sliceText.map { ("slice.\(tensor.name)", $0) } }
    var files = [
      File(
        name: CheckpointFolder.rankFile(rank, of: ranks), tensors: own.map(\.description),
        metadata: Dictionary(uniqueKeysWithValues: slices))
    ]
    guard isKeeper else { return files }
    files.append(
      File(
        name: CheckpointFolder.weightsFile,
        tensors: ModelFile.tensors(state.layout, statistics?.statistics),
        metadata: modelMetadata))
    if !shared.isEmpty {
      files.append(
        File(
          name: CheckpointFolder.sharedFile, tensors: shared.map(\.description), metadata: [:]))
    }
    return files
  }

  /// Lends the data of a file, piece by piece in its order.
  func withData(of file: File, _ body: (RawSpan) throws -> Void) throws {
    guard file.name != CheckpointFolder.weightsFile else {
      try state.parameters.withSpan { parameters in
        for tensor in state.layout.tensors {
          try body(parameters.extracting(tensor.range).bytes)
        }
      }
      try statistics?.statistics.evaluated.withSpan { try body($0.bytes) }
      return
    }
    let isShared = file.name == CheckpointFolder.sharedFile
    try withState { tensor, bytes in
      if (tensor.place == .shared) == isShared { try body(bytes.bytes) }
    }
  }

  /// Lends all tensors beside the parameters.
  func withState(_ body: StateVisitor) throws {
    try optimizer.withState(state, body)
    try source.withState(body)
    try statistics?.statistics.own.visit("statistics", .rank, body)
  }
}
