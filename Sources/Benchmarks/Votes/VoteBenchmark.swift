internal import Foundation
internal import MPIKit
internal import RunLog
public import SignBits
internal import Training
public import Voting

/// Times votes by each route beside the fp32 MPI_Allreduce that they replace, on all ranks.
///
/// Votes follow each other without a pause, as nothing may be lent by idle links. All routes and
/// the reduction take turns in rounds, so that whatever slows the machine or the network for a
/// while slows all. The verdict of each route's last timed vote is compared with that of the route
/// `dense` on the same ballots; a time counts only then.
public struct VoteBenchmark: Sendable {
  /// The sizes measured when none are asked for.
  public static let standardSizes = [4_096, 65_536, 1_048_576, 25_600_000]
  /// The routes measured when none are asked for.
  public static let standardRoutes = Route.allCases.filter { $0 != .dense }
  /// The repetitions when none are asked for.
  public static let standardRepetitions = 9

  let sizes: [Int]
  let routes: [Route]
  let codings: [Coding]
  let rule: SignRule
  let flipRate: Double?
  let repetitions: Int
  let linkGbps: Double?
  private let log: String?

  /// A benchmark.
  ///
  /// - Parameters:
  ///   - sizes: Numbers of parameters, each at least 1.
  ///   - routes: What is timed.
  ///   - codings: How messages are shortened by the routes that can; each is timed.
  ///   - rule: What zeros and ties count as.
  ///   - flipRate: nil for ballots of random signs that differ between ranks and stay; otherwise
  ///     ballots that are coherent as `BallotSequence` has it.
  ///   - repetitions: How often each is timed, at least 1.
  ///   - linkGbps: The rate of each rank's link in 10^9 bits per second, for the column `wire`.
  ///   - log: A file for JSON lines.
  /// - Throws: `BenchmarkError` when a number is out of range or memory too small.
  public init(
    sizes: [Int] = standardSizes, routes: [Route] = standardRoutes, codings: [Coding] = [.none],
    rule: SignRule = .fair, flipRate: Double? = nil, repetitions: Int = standardRepetitions,
    linkGbps: Double? = nil, log: String? = nil
  ) throws(BenchmarkError) {
    guard repetitions >= 1 else { throw .repetitions(repetitions) }
    if let flipRate {
      guard flipRate >= 0, flipRate <= 1 else { throw .flipRate(flipRate) }
    }
    if let linkGbps {
      guard linkGbps > 0, linkGbps.isFinite else { throw .linkRate(linkGbps) }
    }
    let memory = ProcessInfo.processInfo.physicalMemory
    for size in sizes {
      guard size >= 1 else { throw .size(size) }
      let (bytes, overflow) = size.multipliedReportingOverflow(by: VoteRace.bytesPerParameter)
      guard !overflow, bytes < memory else {
        throw .memory(size: size, bytesPerParameter: VoteRace.bytesPerParameter, available: memory)
      }
    }
    self.sizes = sizes
    self.routes = routes
    self.codings = codings
    self.rule = rule
    self.flipRate = flipRate
    self.repetitions = repetitions
    self.linkGbps = linkGbps
    self.log = log
  }

  /// Runs on all ranks of the launcher; rank 0 prints the table and writes the log.
  ///
  /// - Returns: The exit code: 0, 1 when an answer was wrong, 2 when it could not begin.
  public func run() -> Int32 {
    RankProgram.run { world in
      #if DEBUG
        let failure: BenchmarkError? = .debugBuild
      #else
        let failure: BenchmarkError? = nil
      #endif
      guard try Agreement.isReady(failure, on: world) else { return 2 }
      return try run(on: world)
    }
  }

  private func run(on world: borrowing Communicator) throws -> Int32 {
    var writer: RunLogWriter?
    var failure: (any Error)?
    if world.rank == 0, let log {
      do { writer = try RunLogWriter(path: log) } catch { failure = error }
    }
    guard try Agreement.isReady(failure, on: world) else { return 2 }
    let difference = try Agreement.difference(in: text, on: world)
    guard try Agreement.isReady(difference, on: world) else { return 2 }
    if world.rank == 0 {
      for line in VoteResult.heading(self, ranks: world.size) { Console.print(line) }
    }
    for size in sizes {
      let race = try VoteRace(self, size: size, on: world)
      try race.run(on: world)
      guard try Agreement.isReady(try race.firstWrongAnswer(on: world), on: world) else { return 1 }
      for result in try race.results(on: world) where world.rank == 0 {
        Console.print(result.description)
        try writer?.append(line: result.record.text)
      }
    }
    return 0
  }

  /// What all ranks must have alike.
  private var text: String {
    """
    sizes \(sizes)
    routes \(routes.map(\.rawValue))
    coding \(codings.map(\.rawValue))
    sign rule \(rule.rawValue)
    flip rate \(flipRate.map(String.init(describing:)) ?? "none")
    repetitions \(repetitions)
    """
  }
}
