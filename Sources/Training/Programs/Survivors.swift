import MPIKit

/// Ranks that died, and when.
struct RankDeath {
  /// Their numbers in the launch.
  let ranks: [Int]
  /// The host of each.
  let hosts: [String]
  /// The steps done when the others noticed.
  let step: Int
}

/// The ranks of a run that goes on when some of them die (`--on-failure shrink`).
///
/// Each attempt runs the whole program on those that are left. A rank whose attempt ends because
/// another one died revokes the communicator, which ends the attempts of all; they agree on whether
/// all were done, shrink the communicator and try again.
struct Survivors {
  /// A rank as the launcher started it.
  private struct Member: Equatable {
    let rank: Int
    let host: String
  }

  /// Those of the last attempt that was begun together.
  private var members: [Member] = []
  /// The steps done when this rank's last attempt ended; 0 for none.
  private var steps = 0

  /// Runs attempts until one ends.
  ///
  /// Collective.
  ///
  /// - Parameter attempt: The program; gets those that died since the attempt before.
  /// - Returns: What the last attempt returns.
  /// - Throws: What the last attempt throws, and any error of this rank alone.
  static func run(
    of world: borrowing Communicator,
    _ attempt: (borrowing Communicator, RankDeath?) throws -> Int32
  ) throws -> Int32 {
    var survivors = Survivors()
    var ranks = try world.duplicate()
    while true {
      let result = Result {
        let death = try survivors.muster(ranks, as: world.rank)
        return try attempt(ranks, death)
      }
      let isStruck = try result.isStruckByDeath()
      if isStruck { try ranks.revoke() }
      if try ranks.agree(!isStruck) { return try result.get() }
      if case .failure(TrainingError.rankDied(let steps)) = result { survivors.steps = steps }
      ranks = try ranks.shrink()
    }
  }

  /// Finds out who is there, and who no longer is.
  ///
  /// Collective.
  private mutating func muster(
    _ ranks: borrowing Communicator, as rank: Int
  ) throws -> RankDeath? {
    let lines = try ranks.allGatherStrings("\(rank) \(steps) \(Machine.host)")
    let words = lines.map { $0.split(separator: " ", maxSplits: 2) }
    let present = words.map { Member(rank: Int($0[0]) ?? 0, host: String($0[2])) }
    let dead = members.filter { !present.contains($0) }
    members = present
    guard !dead.isEmpty else { return nil }
    return RankDeath(
      ranks: dead.map(\.rank), hosts: dead.map(\.host),
      step: words.compactMap { Int($0[1]) }.max() ?? 0)
  }
}

extension Result where Failure == any Error {
  /// Whether a rank died.
  ///
  /// - Throws: An error of this rank alone, which ends the job.
  fileprivate func isStruckByDeath() throws -> Bool {
    switch self {
    case .success: return false
    case .failure(TrainingError.rankDied): return true
    case .failure(let error as MPIError) where error.isProcessFailure: return true
    case .failure(let error as TrainingError) where error.isAgreed: return false
    case .failure(let error): throw error
    }
  }
}

extension TrainingOptions {
  /// Why the run cannot go on without a rank that died, though it is asked to; nil where it can.
  var failureNotice: String? {
    get throws(MPIError) {
      guard onFailure == .shrink, !MPI.mitigatesFailures else { return nil }
      let library = try MPI.libraryVersion.split(separator: ",")[0]
      return "--on-failure shrink: "
        + (MPI.hasFailureMitigation
          ? "ULFM is off: start with 'mpirun --with-ft ulfm'"
          : "\(library) has no ULFM: use Open MPI 5 and 'mpirun --with-ft ulfm'")
        + ". As it is, the run ends when a rank dies, and the same command goes on from its last "
        + "checkpoint"
    }
  }
}
