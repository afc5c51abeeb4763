internal import Glibc
public import MPIKit
public import Testing

/// The ranks that run a test together.
///
/// Rank tests run in several processes at once, started by mpirun: each runs the same suites in the
/// same order, so that their collective calls meet. Everything that decides which call comes next
/// must be the same on all ranks.
public enum RankWorld {
  /// Whether a launcher started this process as one of several ranks.
  public static var isLaunched: Bool {
    ["PMIX_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK"].contains { variable($0) != nil }
  }

  /// All ranks; MPI starts at the first call and ends with the process.
  ///
  /// - Throws: `RankCountMismatch` unless there are as many ranks as `SIGNUM_EXPECTED_RANKS` says:
  ///   a test that runs on fewer proves less than it claims.
  public static func communicator() throws -> Communicator {
    let world = try MPI.startForTests()
    let expected = variable("SIGNUM_EXPECTED_RANKS")
    guard expected == "\(world.size)" else {
      throw RankCountMismatch(expected: expected, found: world.size)
    }
    return world
  }

  /// Runs a body on all ranks, on this process alone, and on the even and the odd ranks.
  ///
  /// - Parameter body: Called three times; the name says with which communicator.
  public static func withEachCommunicator(
    _ body: (_ name: String, borrowing Communicator) throws -> Void
  ) throws {
    let world = try communicator()
    try body("world", world)
    try body("self", world.selfCommunicator())
    if let half = try world.split(color: world.rank % 2, key: 0) { try body("half", half) }
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}

/// A rank test that runs on another number of ranks than it was started for.
public struct RankCountMismatch: Error, CustomStringConvertible {
  let expected: String?
  let found: Int

  /// Both numbers.
  public var description: String {
    "SIGNUM_EXPECTED_RANKS is \(expected ?? "not set"), but there are \(found) ranks"
  }
}

extension Trait where Self == ConditionTrait {
  /// The suite runs in the ranks that mpirun started, nowhere else.
  public static var underLauncher: Self {
    .enabled("runs under mpirun, started by LaunchTests") { RankWorld.isLaunched }
  }

  /// The suite runs in plain `swift test`, not again on each rank.
  public static var outsideLauncher: Self {
    .disabled("runs outside of mpirun") { RankWorld.isLaunched }
  }
}
