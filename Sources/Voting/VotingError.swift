/// What ends a vote without a verdict.
public enum VotingError: Error, Equatable, CustomStringConvertible {
  /// A rank voted on another step.
  case outOfStep(rank: Int, itsStep: Int, step: Int)
  /// Ranks did not answer within the time limit; empty when they answered late.
  case peersMissing(ranks: [Int], step: Int, seconds: Double)

  /// One line: what happened, where, what to do.
  public var description: String {
    switch self {
    case .outOfStep(let rank, let itsStep, let step):
      return "vote of step \(step): rank \(rank) voted on step \(itsStep); all ranks must run the "
        + "same program with the same options"
    case .peersMissing(let ranks, let step, let seconds):
      let who =
        ranks.isEmpty
        ? "a rank that answers again by now"
        : (ranks.count == 1 ? "rank " : "ranks ") + ranks.map(String.init).joined(separator: ", ")
      return "vote of step \(step): nothing came for \(seconds) s from \(who); look at that host, "
        + "or raise --collective-timeout"
    }
  }
}
