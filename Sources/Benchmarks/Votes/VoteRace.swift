internal import AlignedBuffers
internal import MPIKit
internal import SignBits
internal import Training
internal import Voting

/// All routes and the fp32 reduction at one number of parameters.
final class VoteRace {
  /// The reduction's two vectors, those of the route `dense`, planes and messages.
  static let bytesPerParameter = 18

  /// In how many rounds the contenders take turns.
  private static let rounds = 3
  /// Votes before the timed ones of a round: the first of all has no reference to be coded by.
  private static let warmUps = 2
  /// Seconds of a round that the reduction may take: on a slow link it is timed less often.
  private static let reductionSeconds = 4.0
  /// Seconds without an answer after which a vote ends in an error.
  private static let limitSeconds = 600.0

  private let benchmark: VoteBenchmark
  private let size: Int
  private let ballots: BallotSequence
  private let contenders: [Contender]
  private var reduction: Reduction
  /// Votes held by each contender.
  private var votes = 0

  /// Collective.
  init(_ benchmark: VoteBenchmark, size: Int, on world: borrowing Communicator) throws {
    self.benchmark = benchmark
    self.size = size
    ballots = BallotSequence(
      count: size, flipRate: benchmark.flipRate, rank: world.rank, ranks: world.size)
    var contenders: [Contender] = []
    for route in benchmark.routes {
      let codings = TrainingOptions.codedRoutes.contains(route) ? benchmark.codings : [.none]
      for coding in codings {
        let vote = try MajorityVote(
          coordinateCount: size, rule: benchmark.rule, route: route, coding: coding, seed: 1,
          communicator: world)
        ballots.start(&vote.ballot)
        contenders.append(Contender(route: route, coding: coding, vote: vote))
      }
    }
    self.contenders = contenders
    reduction = Reduction(count: size, rank: world.rank)
  }

  /// Times everything.
  ///
  /// Collective.
  func run(on world: borrowing Communicator) throws {
    for round in 0..<Self.rounds {
      let repetitions = benchmark.repetitions
      let timed = repetitions * (round + 1) / Self.rounds - repetitions * round / Self.rounds
      try reduction.run(timed, limitSeconds: Self.reductionSeconds, on: world)
      for contender in contenders {
        try world.barrier()
        for number in 0..<Self.warmUps + timed {
          try hold(contender, number: votes + number, isTimed: number >= Self.warmUps)
        }
      }
      votes += Self.warmUps + timed
    }
  }

  private func hold(_ contender: Contender, number: Int, isTimed: Bool) throws {
    let vote = contender.vote
    if number > 0 { ballots.advance(&vote.ballot, after: number - 1) }
    let start = ContinuousClock.now
    try Self.hold(vote, step: number)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    if isTimed {
      contender.seconds.append(seconds)
      contender.traffic += vote.traffic
    }
  }

  private static func hold(_ vote: MajorityVote, step: Int) throws {
    var control = ControlBlock()
    control.step = step
    try vote.begin(control)
    try vote.wait(Patience(limitSeconds: limitSeconds))
    vote.tally()
  }

  /// Compares the verdict of each contender's last vote with that of `dense` on the same ballots.
  ///
  /// Collective.
  func firstWrongAnswer(on world: borrowing Communicator) throws -> BenchmarkError? {
    let oracle = try MajorityVote(
      coordinateCount: size, rule: benchmark.rule, route: .dense, seed: 1, communicator: world)
    ballots.start(&oracle.ballot)
    for vote in 0..<votes - 1 { ballots.advance(&oracle.ballot, after: vote) }
    try Self.hold(oracle, step: votes - 1)
    for contender in contenders {
      if let place = firstDifference(contender.vote.verdict, oracle.verdict) {
        return .wrongAnswer(
          of: contender.route.rawValue, reference: "'dense'", parameters: size, coordinate: place)
      }
    }
    return nil
  }

  private func firstDifference(
    _ one: borrowing SignPlanes, _ other: borrowing SignPlanes
  ) -> Int? {
    for word in 0..<one.wordCount {
      let bits =
        one.signs[word] ^ other.signs[word] | one.masks[word] ^ other.masks[word]
      if bits != 0 { return word * 64 + bits.trailingZeroBitCount }
    }
    return nil
  }

  /// What was measured, the reduction first.
  ///
  /// Collective.
  func results(on world: borrowing Communicator) throws -> [VoteResult] {
    let baseline = try VoteTimes(reduction.seconds, on: world)
    let rows = try contenders.map { contender in
      VoteResult(
        benchmark, route: contender.route.rawValue, coding: contender.coding, parameters: size,
        ranks: world.size,
        times: try VoteTimes(contender.seconds, on: world), fp32Median: baseline.median,
        traffic: try MeanTraffic(contender.traffic, votes: contender.seconds.count, on: world))
    }
    let own = Traffic.allReduce(bytes: 4 * size, ranks: world.size)
    return [
      VoteResult(
        benchmark, route: "fp32", coding: .none, parameters: size, ranks: world.size,
        times: baseline,
        fp32Median: baseline.median, traffic: try MeanTraffic(own, votes: 1, on: world))
    ] + rows
  }
}

/// A route under test.
private final class Contender {
  let route: Route
  let coding: Coding
  let vote: MajorityVote
  /// This rank's times, from the begin of a vote to its verdict.
  var seconds: [Double] = []
  /// The traffic of all timed votes.
  var traffic = Traffic()

  init(route: Route, coding: Coding, vote: MajorityVote) {
    self.route = route
    self.coding = coding
    self.vote = vote
  }
}

/// The yardstick: MPI_Allreduce of as many Float32 as there are parameters.
private struct Reduction: ~Copyable {
  private let addend: AlignedBuffer<Float>
  private var sum: AlignedBuffer<Float>
  private(set) var seconds: [Double] = []

  init(count: Int, rank: Int) {
    addend = AlignedBuffer(repeating: Float(rank + 1), count: count)
    sum = AlignedBuffer(repeating: 0, count: count)
  }

  /// Times so many reductions, or fewer, at least one, within the time; one more goes before.
  ///
  /// - Precondition: MPI adds right. Traps otherwise.
  mutating func run(
    _ count: Int, limitSeconds: Double, on world: borrowing Communicator
  ) throws(MPIError) {
    try world.barrier()
    var first = [try Self.reduce(addend, into: &sum, on: world)]
    try world.allReduce(inPlace: first.mutableSpan, operation: .max)
    let ranks = Float(world.size)
    let last = sum[addend.count - 1]
    precondition(last == ranks * (ranks + 1) / 2, "MPI_Allreduce gave a wrong sum")
    for _ in 0..<min(count, max(1, Int(limitSeconds / first[0]))) {
      let time = try Self.reduce(addend, into: &sum, on: world)
      seconds.append(time)
    }
  }

  private static func reduce(
    _ addend: borrowing AlignedBuffer<Float>, into sum: inout AlignedBuffer<Float>,
    on world: borrowing Communicator
  ) throws(MPIError) -> Double {
    let start = ContinuousClock.now
    try world.allReduce(addend.span, into: sum.mutableSpan, operation: .sum)
    return (ContinuousClock.now - start) / .seconds(1)
  }
}
