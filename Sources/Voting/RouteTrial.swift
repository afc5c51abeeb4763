internal import CounterRandom
internal import Glibc
public import MPIKit
public import SignBits

/// The fastest route and coding for a vote, found by votes on the real number of coordinates and the
/// real ranks (`--vote auto`, `--coding auto`).
///
/// A few votes a candidate give a first idea; those within three times the fastest then take turns.
/// The time of a trial is that of the slowest rank, the figure of a route the median of its trials.
/// From vote to vote ballots flip as momenta do, so that coding is measured with the link and the
/// coder that there are. All ranks come to the same choice. The verdict of a run does not depend on
/// it.
public struct RouteTrial: Sendable {
  /// A route with its coding.
  public struct Candidate: Hashable, Sendable, CustomStringConvertible {
    /// The route.
    public let route: Route
    /// Whether its messages are coded.
    public let coding: Coding

    /// A candidate.
    public init(_ route: Route, _ coding: Coding = .none) {
      self.route = route
      self.coding = coding
    }

    /// Such as `exchange` or `exchange/delta`.
    public var description: String {
      coding == .none ? route.rawValue : "\(route.rawValue)/\(coding.rawValue)"
    }

    /// What is tried where nothing is asked for: what can win.
    public static let all = [
      Candidate(.exchange), Candidate(.exchange, .delta), Candidate(.hierarchical),
      Candidate(.allreduce), Candidate(.gather),
    ]
  }

  /// After first votes of so many seconds together no further candidate is tried; the trials of the
  /// final take as many at the most.
  private static let budgetSeconds = 0.5
  private static let maximumTrials = 9
  /// Votes that take less are held several at a time.
  private static let trialSeconds = 1e-3
  private static let maximumVotesPerTrial = 20
  /// Above so many coordinates routes that send several bits a parameter cannot win.
  private static let largestCount = 1 << 28
  /// `gather` has room for the ballots of all ranks, planes and masks: more than so many bytes a rank
  /// are not asked for just to try it.
  private static let largestGatherBytes = 1 << 26

  /// The fastest one.
  public let winner: Candidate
  /// Seconds of a vote, the median of the slowest rank's, for each that was tried.
  public let medians: [(candidate: Candidate, seconds: Double)]
  /// The number of trials that the routes in the final have had.
  public let trials: Int

  /// Tries candidates.
  ///
  /// Takes about a second, and the messages of all candidates, which are gone at the end.
  ///
  /// - Parameters:
  ///   - candidates: At least one.
  ///   - flipRate: The share of signs that flip from vote to vote, rounded to a power of two.
  ///   - coordinateCount: d, the same on all ranks.
  ///   - voters: As for `MajorityVote`.
  ///   - rule: What zeros and ties count as.
  ///   - patience: How long to wait for other ranks.
  ///   - communicator: The ranks of the vote.
  /// - Throws: As `MajorityVote`.
  /// - Note: Collective.
  public init(
    of candidates: [Candidate] = Candidate.all, flipRate: Double, coordinateCount: Int,
    voters: Int?, rule: SignRule, patience: Patience, communicator: borrowing Communicator
  ) throws {
    precondition(!candidates.isEmpty, "no route to try")
    let candidates = Self.promising(
      candidates, coordinateCount: coordinateCount, ranks: communicator.size)
    var contestants: [Contestant] = []
    for candidate in candidates
    where contestants.reduce(0, { $0 + $1.first }) < Self.budgetSeconds {
      contestants.append(
        try Contestant(
          candidate, flipRate: flipRate, coordinateCount: coordinateCount, voters: voters,
          rule: rule, patience: patience, communicator: communicator))
    }
    let fastest = contestants.map(\.first).min() ?? 0
    let finalists = contestants.filter { $0.first <= 3 * fastest }
    let votes = max(1, min(Self.maximumVotesPerTrial, Int(Self.trialSeconds / fastest)))
    let round = Double(votes) * finalists.reduce(0) { $0 + $1.first }
    trials = finalists.count > 1 ? min(Self.maximumTrials, Int(Self.budgetSeconds / round)) : 0
    for _ in 0..<trials {
      for finalist in finalists { try finalist.run(votes: votes, patience) }
    }
    medians = try contestants.map { ($0.candidate, try $0.median(over: communicator)) }
    winner = medians.min { $0.seconds < $1.seconds }?.candidate ?? candidates[0]
  }

  /// Those that can win and need not too much memory; all of them where none is left.
  static func promising(
    _ candidates: [Candidate], coordinateCount: Int, ranks: Int
  ) -> [Candidate] {
    let left = candidates.filter { candidate in
      switch candidate.route {
      case .exchange, .hierarchical: true
      case .gather: coordinateCount / 4 <= Self.largestGatherBytes / ranks
      default: coordinateCount <= Self.largestCount
      }
    }
    return left.isEmpty ? candidates : left
  }

  /// The choice and the reason in a few words.
  public var reason: String {
    let figures = medians.map { candidate, seconds in
      let micro = (seconds * 1e7).rounded() / 10
      return "\(candidate) " + (micro < 1e3 ? "\(micro) us" : "\((micro).rounded() / 1e3) ms")
    }
    return "fastest of " + figures.joined(separator: ", ")
      + (trials > 0 ? " (medians of \(trials))" : " (the faster of two votes each)")
  }
}

/// A candidate in a trial.
private final class Contestant {
  let candidate: RouteTrial.Candidate
  /// Seconds of the faster of the first two votes that count, on the slowest rank: the same number on
  /// all.
  private(set) var first = 0.0
  private let vote: MajorityVote
  private let ballots: Int?
  private let rank: Int
  /// A sign flips with this power of one half, where that matters.
  private let flipPower: Int?
  private var step = 0
  private var seconds: [Double] = []

  /// Makes the route's messages and holds three votes, of which the first touches the memory; the
  /// faster one of the others is the figure, as other work on the machine only adds to a time.
  init(
    _ candidate: RouteTrial.Candidate, flipRate: Double, coordinateCount: Int, voters: Int?,
    rule: SignRule, patience: Patience, communicator: borrowing Communicator
  ) throws {
    self.candidate = candidate
    self.rank = communicator.rank
    flipPower =
      candidate.coding == .none ? nil : Int(-log2(max(flipRate, 1e-3)).rounded())
    vote = try MajorityVote(
      coordinateCount: coordinateCount, voters: voters, rule: rule, route: candidate.route,
      coding: candidate.coding, seed: 0, communicator: communicator)
    let (rank, ranks) = (communicator.rank, communicator.size)
    ballots = voters.map { (rank + 1) * $0 / ranks - rank * $0 / ranks }
    vote.ballot.randomize(stream: RandomStream(seed: 0, purpose: .attack, owner: rank))
    for _ in 0..<3 { try run(votes: 1, patience) }
    try communicator.allReduce(inPlace: seconds.mutableSpan, operation: .max)
    first = max(min(seconds[1], seconds[2]), 1e-6)
    seconds = []
  }

  /// One trial: so many votes, back to back.
  func run(votes: Int, _ patience: Patience) throws {
    var total = 0.0
    for _ in 0..<votes {
      step += 1
      if let flipPower { vote.ballot.flip(oneIn: flipPower, rank: rank, step: step) }
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

extension SignPlanes {
  /// Flips each sign with probability 2^−`power`.
  fileprivate mutating func flip(oneIn power: Int, rank: Int, step: Int) {
    let streams = (0..<power).map {
      RandomStream(seed: UInt64($0), purpose: .attack, owner: rank, step: step)
    }
    unsafe withUnsafeWords { signs, _ in
      // The last word may have fewer coordinates, whose bits have to stay 0.
      for word in signs.indices.dropLast() {
        var flips = UInt64.max
        for stream in streams { flips &= stream.word(at: word) }
        unsafe signs[word] ^= flips
      }
    }
  }
}
