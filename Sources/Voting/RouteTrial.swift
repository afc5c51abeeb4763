internal import CounterRandom
public import MPIKit
public import SignBits

/// The fastest route for a vote, found by votes on the real number of coordinates and the real
/// ranks (`--vote auto`).
///
/// One vote a candidate gives a first idea; those within three times the fastest then take turns.
/// The time of a trial is that of the slowest rank, the figure of a route the median of its trials.
/// All ranks come to the same choice. The verdict of a run does not depend on it.
public struct RouteTrial: Sendable {
  /// The routes that are tried: those that can win.
  public static let candidates: [Route] = [.exchange, .hierarchical, .allreduce, .gather]

  /// Seconds after which no further candidate and no further trial is begun.
  private static let budgetSeconds = 0.4
  private static let maximumTrials = 9
  /// Votes that take less are held several at a time.
  private static let trialSeconds = 1e-3
  private static let maximumVotesPerTrial = 20
  /// Above so many coordinates the messages of all routes at once are too much memory, and those
  /// that send several bits a parameter cannot win.
  private static let largestCount = 1 << 28

  /// The fastest route.
  public let route: Route
  /// Seconds of a vote, the median of the slowest rank's, for each route tried.
  public let medians: [(route: Route, seconds: Double)]
  /// The number of trials that the routes in the final have had.
  public let trials: Int

  /// Tries routes.
  ///
  /// Takes about half a second, and the messages of all candidates, which are gone at the end.
  ///
  /// - Parameters:
  ///   - candidates: The routes, at least one.
  ///   - coordinateCount: d, the same on all ranks.
  ///   - voters: As for `MajorityVote`.
  ///   - rule: What zeros and ties count as.
  ///   - patience: How long to wait for other ranks.
  ///   - communicator: The ranks of the vote.
  /// - Throws: As `MajorityVote`.
  /// - Note: Collective.
  public init(
    of candidates: [Route] = RouteTrial.candidates, coordinateCount: Int, voters: Int?,
    rule: SignRule, patience: Patience, communicator: borrowing Communicator
  ) throws {
    precondition(!candidates.isEmpty, "no route to try")
    let candidates =
      coordinateCount > Self.largestCount
      ? candidates.filter { $0 == .exchange || $0 == .hierarchical } : candidates
    let start = MPI.wallTimeSeconds
    var contestants: [Contestant] = []
    for route in candidates {
      let isLate = MPI.wallTimeSeconds - start > Self.budgetSeconds
      guard try communicator.agree(isLate ? 0 : 1) == 1 else { break }
      contestants.append(
        try Contestant(
          route, coordinateCount: coordinateCount, voters: voters, rule: rule,
          patience: patience, communicator: communicator))
    }
    let fastest = contestants.map(\.first).min() ?? 0
    let finalists = contestants.filter { $0.first <= 3 * fastest }
    let votes = max(1, min(Self.maximumVotesPerTrial, Int(Self.trialSeconds / fastest)))
    let round = Double(votes) * finalists.reduce(0) { $0 + $1.first }
    let left = Self.budgetSeconds - (MPI.wallTimeSeconds - start)
    let affordable = finalists.count > 1 ? Int(max(0, min(left / round, 1e3))) : 0
    trials = try communicator.agree(min(Self.maximumTrials, affordable))
    for _ in 0..<trials {
      for finalist in finalists { try finalist.run(votes: votes, patience) }
    }
    medians = try contestants.map { ($0.route, try $0.median(over: communicator)) }
    route = medians.min { $0.seconds < $1.seconds }?.route ?? candidates[0]
  }

  /// The choice and the reason in a few words.
  public var reason: String {
    let figures = medians.map { route, seconds in
      let micro = (seconds * 1e7).rounded() / 10
      return "\(route.rawValue) " + (micro < 1e3 ? "\(micro) us" : "\((micro).rounded() / 1e3) ms")
    }
    return "fastest of " + figures.joined(separator: ", ")
      + (trials > 0 ? " (medians of \(trials))" : " (one vote each)")
  }
}

/// A route in a trial.
private final class Contestant {
  let route: Route
  /// Seconds of the first vote that counts, on the slowest rank: the same number on all.
  private(set) var first = 0.0
  private let vote: MajorityVote
  private let ballots: Int?
  private var seconds: [Double] = []

  /// Makes the route's messages and holds two votes, of which the first touches the memory.
  init(
    _ route: Route, coordinateCount: Int, voters: Int?, rule: SignRule, patience: Patience,
    communicator: borrowing Communicator
  ) throws {
    self.route = route
    vote = try MajorityVote(
      coordinateCount: coordinateCount, voters: voters, rule: rule, route: route, seed: 0,
      communicator: communicator)
    let (rank, ranks) = (communicator.rank, communicator.size)
    ballots = voters.map { (rank + 1) * $0 / ranks - rank * $0 / ranks }
    vote.ballot.randomize(stream: RandomStream(seed: 0, purpose: .attack, owner: rank))
    try run(votes: 1, patience)
    try run(votes: 1, patience)
    var slowest = [seconds[1]]
    try communicator.allReduce(inPlace: slowest.mutableSpan, operation: .max)
    first = max(slowest[0], 1e-6)
    seconds = []
  }

  /// One trial: so many votes, back to back.
  func run(votes: Int, _ patience: Patience) throws {
    var total = 0.0
    for _ in 0..<votes {
      // What hosted voters cast is no part of the vote on the wire.
      for _ in 0..<(ballots ?? 0) { vote.cast() }
      let start = MPI.wallTimeSeconds
      try vote.begin(ControlBlock())
      try vote.wait(patience)
      vote.tally()
      total += MPI.wallTimeSeconds - start
    }
    seconds.append(total / Double(votes))
  }

  func median(over communicator: borrowing Communicator) throws(MPIError) -> Double {
    guard !seconds.isEmpty else { return first }
    try communicator.allReduce(inPlace: seconds.mutableSpan, operation: .max)
    return seconds.sorted()[seconds.count / 2]
  }
}

extension Communicator {
  /// The number that rank 0 has.
  fileprivate func agree(_ number: Int) throws(MPIError) -> Int {
    var number = [number]
    try broadcast(number.mutableSpan, root: 0)
    return number[0]
  }
}
