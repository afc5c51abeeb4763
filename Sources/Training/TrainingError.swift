/// What ends a run before its time.
public enum TrainingError: Error, CustomStringConvertible {
  /// All ranks abstained in every tensor at once.
  case nothingFinite(step: Int)
  /// Some rank abstained in too many steps in a row.
  case abstentions(steps: Int, ranks: [Int], step: Int)
  /// The parameters of the ranks differ.
  case replicasDiffer(step: Int, ranks: [Int])
  /// Ranks did not answer in an evaluation or a checkpoint; empty when they answered late.
  case peersMissing(during: String, ranks: [Int], seconds: Double)
  /// A rank died, as MPI says; after so many steps.
  case rankDied(steps: Int)
  /// A fault asked for by `SIGNUM_FAULT`.
  case injected(step: Int)

  /// Whether all ranks found it at the same step, so that all can end alike.
  var isAgreed: Bool {
    switch self {
    case .nothingFinite, .abstentions, .replicasDiffer: true
    case .peersMissing, .rankDied, .injected: false
    }
  }

  /// One line: what happened, where, what to do.
  public var description: String {
    switch self {
    case .nothingFinite(let step):
      "step \(step): the loss or the gradient is not finite on any rank; lower --lr or check the "
        + "data"
    case .abstentions(let steps, let ranks, let step):
      "step \(step): \(named(ranks)) had numbers that are not finite in each of the last \(steps) "
        + "steps; lower --lr, check the data, or raise --max-abstentions"
    case .replicasDiffer(let step, let ranks):
      "step \(step): the parameters of \(named(ranks)) differ from those of the majority; suspect "
        + "memory or a mixed installation"
    case .peersMissing(let what, let ranks, let seconds):
      "\(what): nothing came for \(seconds) s from "
        + (ranks.isEmpty ? "a rank that answers again by now" : named(ranks))
        + "; look at that host, or raise --collective-timeout"
    case .rankDied(let steps):
      "step \(steps): a rank died; start again to go on from the last checkpoint"
    case .injected(let step): "step \(step): a fault was asked for by SIGNUM_FAULT"
    }
  }
}

/// `rank 3`, or `ranks 1, 3`.
func named(_ ranks: [Int]) -> String {
  (ranks.count == 1 ? "rank " : "ranks ") + ranks.map(String.init).joined(separator: ", ")
}
