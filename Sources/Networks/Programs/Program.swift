internal import Objectives

/// The operations of a model for one number of samples, compiled, between fixed places.
@safe
final class Program {
  /// An operation.
  struct Step {
    let kind: OperationKind
    let run: () throws -> Void
    /// Where the part of the gradient begins that does not change after this operation.
    var finalFrom: Int?
  }

  /// Where a batch normalization leaves mean and variance of the batch.
  struct BatchStatistics {
    let mean: Tensor
    let variance: Tensor
    /// Their first elements in the running statistics.
    let meanStart: Int
    let varianceStart: Int
    let channels: Int
    /// The numbers of a channel in the batch.
    let samples: Int
  }

  /// The caller's vectors.
  @safe
  struct Addresses {
    var features: UnsafeMutablePointer<Float>?
    var parameters: UnsafeMutablePointer<Float>?
    var gradient: UnsafeMutablePointer<Float>?
    var statistics: UnsafeMutablePointer<Float>?
  }

  let forward: [Step]
  let backward: [Step]
  let statistics: [BatchStatistics]
  /// The scores, a row a sample.
  let scores: Tensor
  private let external: [Tensor]
  let plan: ArenaPlan
  private var arena: Arena?

  init(
    forward: [Step], backward: [Step], scores: Tensor, statistics: [BatchStatistics],
    tensors: [Tensor]
  ) {
    self.forward = forward
    self.backward = backward
    self.scores = scores
    self.statistics = statistics
    external = tensors.filter { $0.home != .arena }
    plan = ArenaPlan(tensors.filter { $0.home == .arena })
  }

  /// The bytes of the arena that the program needs.
  var arenaByteCount: Int { plan.byteCount }

  /// Puts the program's tensors into an arena, which is kept.
  func settle(in arena: Arena) throws(OneDNNError) {
    precondition(plan.byteCount <= arena.byteCount, "\(plan.byteCount) bytes do not fit the arena")
    self.arena = arena
    for (tensor, start) in plan.places {
      try unsafe tensor.point(at: arena.address.map { unsafe $0 + start / 4 })
    }
  }

  /// Sets the gradient by a row of scores to 0.
  func clearGradient(ofScores row: Int) {
    guard let gradient = scores.gradient else { return }
    let classes = scores.shape[1]
    unsafe (gradient.numbers + row * classes).update(repeating: 0, count: classes)
  }

  /// Points at the caller's vectors, which have to stay until the operations have run.
  func bind(_ addresses: Addresses) throws(OneDNNError) {
    for tensor in external {
      switch tensor.home {
      case .arena: break
      case .features: try unsafe tensor.point(at: addresses.features)
      case .parameters(let start):
        try unsafe tensor.point(at: addresses.parameters.map { unsafe $0 + start })
      case .gradient(let start):
        try unsafe tensor.point(at: addresses.gradient.map { unsafe $0 + start })
      case .statistics(let start):
        try unsafe tensor.point(at: addresses.statistics.map { unsafe $0 + start })
      }
    }
  }
}
