/// What an operation is for.
public enum OperationKind: String, Sendable, CaseIterable {
  case convolution
  case batchNormalization = "batch normalization"
  case relu
  case pooling
  case dense
  case sum
  case embedding
  case layerNormalization = "layer normalization"
  case attention
  case gelu
  case dropout
  case weightReorder = "weight reorder"
  case activationReorder = "activation reorder"
}

/// Where the time of gradients goes, see `Network.operationTimes`.
public final class OperationTimes {
  /// Seconds of all operations of a kind.
  public private(set) var seconds: [OperationKind: Double] = [:]

  /// No times yet.
  public init() {}

  func measure(_ step: Program.Step) throws {
    let start = ContinuousClock.now
    try step.run()
    seconds[step.kind, default: 0] += (ContinuousClock.now - start) / .seconds(1)
  }
}
