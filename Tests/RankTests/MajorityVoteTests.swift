import AlignedBuffers
import MPIKit
import SignBits
import TestSupport
import Testing
import Voting

/// The vote on the wire against a model of whole numbers that shares no code with it.
@Suite("Majority vote", .underLauncher)
struct MajorityVoteTests {
  private static let counts = [0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 128, 129, 4_096, 5_003]

  @Test(arguments: SignRule.allCases)
  func verdict_equalsTheModel(rule: SignRule) throws {
    try RankWorld.withEachCommunicator { name, ranks in
      // Masks come and go from step to step, and coins change at step 16.
      let course = Array(zip([0, 1, 2, 15, 16, 17], VoteModel.course))
      let expected = course.map { step, ballots in
        (0..<5_003).map {
          VoteModel.verdict(ballots, rule, voters: ranks.size, coordinate: $0, step: step)
        }
      }
      let ways =
        Route.allCases.map { ($0, Coding.none) } + [(.exchange, .delta), (.gather, .delta)]
      for ((route, coding), count) in ways.flatMap({ way in Self.counts.map { (way, $0) } }) {
        let vote = try MajorityVote(
          coordinateCount: count, rule: rule, route: route, coding: coding, seed: VoteModel.seed,
          communicator: ranks)
        for ((step, ballots), expected) in zip(course, expected) {
          ballots.fill(&vote.ballot, rule, voter: ranks.rank, step: step)
          try hold(vote, step: step)
          let wrong = (0..<count).filter { vote.verdict[$0] != expected[$0] }
          try expectOnAllRanks(
            wrong.isEmpty,
            "\(name) \(route) \(coding) \(rule) \(count) \(ballots) step \(step): \(wrong.prefix(5))",
            on: ranks)
        }
      }
    }
  }

  private func hold(_ vote: MajorityVote, step: Int) throws {
    var control = ControlBlock()
    control.step = step
    try vote.begin(control)
    try vote.wait(Patience(limitSeconds: 60))
    vote.tally()
  }

  @Test(arguments: Route.allCases)
  func verdict_isTheSameOverManyWords(route: Route) throws {
    let world = try RankWorld.communicator()
    let count = 1_000_003
    let vote = try MajorityVote(
      coordinateCount: count, rule: .exact, route: route, seed: 1, communicator: world)
    var values = [Float](repeating: 1, count: count)
    // Every rank is alone in its own coordinates: it is outvoted, ties or wins by the number of
    // ranks.
    for index in stride(from: world.rank, to: count, by: 101) { values[index] = -1 }
    vote.ballot.pack(values.span, rule: .exact)
    try hold(vote, step: 3)
    var negative = 0
    var zero = 0
    for index in 0..<count {
      if vote.verdict[index] < 0 { negative += 1 }
      if vote.verdict[index] == 0 { zero += 1 }
    }
    let first = (count + 100) / 101
    let own = (0..<world.size).reduce(0) { $0 + (count - $1 + 100) / 101 }
    let expected = world.size == 1 ? (first, 0) : world.size == 2 ? (0, own) : (0, 0)
    try expectOnAllRanks(
      (negative, zero) == expected, "\(route): \(negative), \(zero), not \(expected)", on: world)
  }

  @Test(arguments: Route.allCases)
  func controls_reachAllRanks(route: Route) throws {
    let world = try RankWorld.communicator()
    let vote = try MajorityVote(
      coordinateCount: 100, rule: .positive, route: route, seed: 1, communicator: world)
    for step in [0, 1 << 39] {
      let control = sample(rank: world.rank, step: step)
      try vote.begin(control)
      try vote.wait(Patience(limitSeconds: 60))
      let expected = (0..<world.size).map { sample(rank: $0, step: step) }
      try expectOnAllRanks(vote.controls == expected, "\(route): \(vote.controls)", on: world)
    }
  }

  /// A block in which every field differs by rank, with bits at both ends.
  private func sample(rank: Int, step: Int) -> ControlBlock {
    var control = ControlBlock()
    control.step = step
    control.flags = [.noSample, .carriesHash]
    control.abstainedTensors = .max - UInt32(rank)
    control.firstAbstainedTensor = 1 << 31 | UInt32(rank)
    control.samples = UInt32(rank) &* 0x0101_0101
    control.hash = .max - UInt64(rank)
    control.loss = -Double.pi * Double(rank)
    control.times.step = 1.5 * Float(rank)
    control.times.gradient = 2.5
    control.times.pack = -.infinity
    control.times.voteWait = 1e-38
    control.times.apply = Float(rank)
    control.abstainedShare = 0.25
    return control
  }

  @Test func traffic_isCountedPerDirection() throws {
    let world = try RankWorld.communicator()
    let (ranks, count) = (world.size, 4_096)
    for (route, message) in [(Route.gather, 80 + count / 8), (.dense, 4 * (count + 64 * ranks))] {
      let vote = try MajorityVote(
        coordinateCount: count, rule: .positive, route: route, seed: 1, communicator: world)
      try hold(vote, step: 0)
      let expected =
        route == .gather ? (ranks - 1) * message : 2 * message / ranks * (ranks - 1)
      let traffic = vote.traffic
      try expectOnAllRanks(
        traffic.bytesSent == expected && traffic.bytesReceived == expected
          && traffic.isModelled == (ranks > 1 && route == .dense),
        "\(route): \(traffic), not \(expected)", on: world)
    }
  }

  @Test(arguments: Route.allCases)
  func aRankOutOfStep_isNamed(route: Route) throws {
    let world = try RankWorld.communicator()
    let last = world.size - 1
    let vote = try MajorityVote(
      coordinateCount: 9, rule: .fair, route: route, seed: 1, communicator: world)
    var control = ControlBlock()
    control.step = world.rank == last ? 8 : 7
    try vote.begin(control)
    var found: VotingError?
    do {
      try vote.wait(Patience(limitSeconds: 60))
    } catch let error as VotingError {
      found = error
    }
    let expected: VotingError? =
      world.size == 1
      ? nil
      : world.rank == last
        ? .outOfStep(rank: 0, itsStep: 7, step: 8) : .outOfStep(rank: last, itsStep: 8, step: 7)
    try expectOnAllRanks(found == expected, "\(route): \(String(describing: found))", on: world)
  }
}
