/// What ends a vote without a verdict.
public enum VotingError: Error, Equatable, CustomStringConvertible {
  /// A rank voted on another step.
  case outOfStep(rank: Int, itsStep: Int, step: Int)
  /// The ranks cast another number of ballots than there are voters.
  case ballotCount(cast: Int, voters: Int, step: Int)
  /// A message of a rank is not the one that was expected.
  case wrongMessage(rank: Int, step: Int, problem: String)
  /// Ranks did not answer within the time limit; empty when they answered late.
  case peersMissing(ranks: [Int], step: Int, seconds: Double)

  /// One line: what happened, where, what to do.
  public var description: String {
    switch self {
    case .outOfStep(let rank, let itsStep, let step):
      return "vote of step \(step): rank \(rank) voted on step \(itsStep); all ranks must run the "
        + "same program with the same options"
    case .ballotCount(let cast, let voters, let step):
      return
        "vote of step \(step): \(cast) ballots were cast, but the vote counts \(voters); every "
        + "voter must cast one, abstaining where it has no sign"
    case .wrongMessage(let rank, let step, let problem):
      return "vote of step \(step): rank \(rank) sent \(problem); all ranks must run the same "
        + "program with the same options"
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
