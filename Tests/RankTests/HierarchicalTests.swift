import AlignedBuffers
import MPIKit
import SignBits
import TestSupport
import Testing
import Voting

/// Ways of cutting the ranks into nodes.
enum Layout: CaseIterable {
  case oneRankANode
  case pairs
  /// Three ranks, and the rest.
  case uneven
  /// The first rank alone, then all others.
  case aloneAndTheOthers
  /// Neighbours on different nodes, as a launcher puts them that fills nodes in turn.
  case inTurn
  /// Nodes without room for shared memory.
  case unevenByMessages
  case inTurnByMessages

  var nodes: NodeLayout {
    switch self {
    case .oneRankANode: NodeLayout { $0 }
    case .pairs: NodeLayout { $0 / 2 }
    case .uneven: NodeLayout { $0 / 3 }
    case .aloneAndTheOthers: NodeLayout { min($0, 1) }
    case .inTurn: NodeLayout { $0 % 2 }
    case .unevenByMessages: NodeLayout(sharesMemory: false) { $0 / 3 }
    case .inTurnByMessages: NodeLayout(sharesMemory: false) { $0 % 2 }
    }
  }

  /// The number of ranks of each node, or group: √N of them where each rank has a node of its own.
  func sizes(ranks: Int) -> [Int] {
    let nodeOfRank = nodes.nodeOfRank ?? { _ in 0 }
    if Set((0..<ranks).map(nodeOfRank)).count == ranks {
      let groups = Int(Double(ranks).squareRoot().rounded())
      return (0..<groups).map { ($0 + 1) * ranks / groups - $0 * ranks / groups }
    }
    let numbers = (0..<ranks).map(nodeOfRank)
    return Set(numbers).sorted().map { node in numbers.count { $0 == node } }
  }

  /// Whether ranks send each other messages in place of sharing memory.
  func usesMessages(ranks: Int) -> Bool {
    let nodeOfRank = nodes.nodeOfRank ?? { _ in 0 }
    return !nodes.sharesMemory || Set((0..<ranks).map(nodeOfRank)).count == ranks
  }

  /// Whether the user hears of it, since memory should have been shared.
  func isToldToUser(ranks: Int) -> Bool {
    let nodeOfRank = nodes.nodeOfRank ?? { _ in 0 }
    return !nodes.sharesMemory && Set((0..<ranks).map(nodeOfRank)).count < ranks
  }
}

/// What the route `hierarchical` does on nodes of several sizes.
@Suite("Route hierarchical", .underLauncher)
struct HierarchicalTests {
  private static let counts = [0, 1, 64, 65, 4_097, 5 * 4_096 + 7]

  private func makeVote(
    _ count: Int, voters: Int? = nil, _ rule: SignRule, _ layout: NodeLayout,
    on ranks: borrowing Communicator
  ) throws -> MajorityVote {
    try MajorityVote(
      coordinateCount: count, voters: voters, rule: rule, route: .hierarchical,
      seed: VoteModel.seed, layout: layout, communicator: ranks)
  }

  private func hold(_ vote: MajorityVote, step: Int) throws {
    var control = ControlBlock()
    control.step = step
    try vote.begin(control)
    try vote.wait(Patience(limitSeconds: 60))
    vote.tally()
  }

  @Test(arguments: SignRule.allCases)
  func verdict_equalsTheModel(rule: SignRule) throws {
    let world = try RankWorld.communicator()
    let course = Array(zip([0, 1, 2, 15, 16, 17], VoteModel.course))
    let expected = course.map { step, ballots in
      (0..<(Self.counts.last ?? 0)).map {
        VoteModel.verdict(ballots, rule, voters: world.size, coordinate: $0, step: step)
      }
    }
    for (layout, count) in Layout.allCases.flatMap({ layout in Self.counts.map { (layout, $0) } }) {
      let vote = try makeVote(count, rule, layout.nodes, on: world)
      for ((step, ballots), expected) in zip(course, expected) {
        ballots.fill(&vote.ballot, rule, voter: world.rank, step: step)
        try hold(vote, step: step)
        let wrong = (0..<count).filter { vote.verdict[$0] != expected[$0] }
        try expectOnAllRanks(
          wrong.isEmpty && (vote.notice != nil) == layout.isToldToUser(ranks: world.size),
          "\(layout) \(rule) \(count) \(ballots) step \(step): wrong at \(wrong.prefix(5))",
          on: world)
      }
    }
  }

  @Test(arguments: SignRule.allCases)
  func verdict_ofManyVoters(rule: SignRule) throws {
    let world = try RankWorld.communicator()
    for (voters, count) in [(1, 65), (4, 129), (27, 4_160)] {
      for layout in Layout.allCases {
        let vote = try makeVote(count, voters: voters, rule, layout.nodes, on: world)
        for (step, ballots) in zip([0, 1, 2, 15, 16, 17], VoteModel.course) {
          // The hosts change from vote to vote; some cast none.
          for voter in 0..<voters where (voter * voter + step) % world.size == world.rank {
            ballots.fill(&vote.ballot, rule, voter: voter, step: step)
            vote.cast()
          }
          try hold(vote, step: step)
          let wrong = (0..<count).filter {
            vote.verdict[$0]
              != VoteModel.verdict(ballots, rule, voters: voters, coordinate: $0, step: step)
          }
          try expectOnAllRanks(
            wrong.isEmpty, "\(layout) \(rule) \(voters) of \(count) \(ballots): \(wrong.prefix(5))",
            on: world)
        }
      }
    }
  }

  /// The verdict of a step is not touched before the next one is complete.
  @Test func verdict_lastsUntilTheNextTally() throws {
    let world = try RankWorld.communicator()
    let count = 50_000
    let vote = try makeVote(count, .exact, Layout.pairs.nodes, on: world)
    for step in 0..<20 {
      let sign: Float = step % 2 == 0 ? 1 : -1
      vote.ballot.pack([Float](repeating: sign, count: count).span, rule: .exact)
      var control = ControlBlock()
      control.step = step
      try vote.begin(control)
      let isKept = step == 0 || (0..<count).allSatisfy { vote.verdict[$0] == -Int(sign) }
      try vote.wait(Patience(limitSeconds: 60))
      let isKeptStill = step == 0 || (0..<count).allSatisfy { vote.verdict[$0] == -Int(sign) }
      vote.tally()
      let isNew = (0..<count).allSatisfy { vote.verdict[$0] == Int(sign) }
      try expectOnAllRanks(
        isKept && isKeptStill && isNew, "step \(step): \(isKept) \(isKeptStill) \(isNew)",
        on: world)
    }
  }

  @Test(arguments: Layout.allCases)
  func controls_reachAllRanks(layout: Layout) throws {
    let world = try RankWorld.communicator()
    let vote = try makeVote(100, .positive, layout.nodes, on: world)
    for step in 0..<4 {
      var control = ControlBlock()
      control.step = step
      control.hash = .max - UInt64(world.rank)
      control.loss = -Double(world.rank)
      try vote.begin(control)
      try vote.wait(Patience(limitSeconds: 60))
      let isRight = (0..<world.size).allSatisfy { rank in
        vote.controls[rank].hash == .max - UInt64(rank) && vote.controls[rank].step == step
          && vote.controls[rank].loss == -Double(rank)
      }
      try expectOnAllRanks(isRight, "\(layout) \(step): \(vote.controls)", on: world)
    }
  }

  /// Between nodes W planes of each shard go to its owner and one comes back; on a node nothing
  /// goes.
  @Test(arguments: Layout.allCases)
  func traffic_isThatBetweenNodes(layout: Layout) throws {
    let world = try RankWorld.communicator()
    // Shards of as many blocks each.
    let count = 65_536 * world.size
    let vote = try makeVote(count, .fair, layout.nodes, on: world)
    try hold(vote, step: 0)
    var sums = [vote.traffic.bytesSent, vote.traffic.bytesReceived]
    try world.allReduce(inPlace: sums.mutableSpan, operation: .sum)
    let sizes = layout.sizes(ranks: world.size)
    // Every node sends its tally of all shards of other nodes, and gets one bit for each; without
    // shared memory ballots and verdicts go from rank to rank.
    let within = layout.usesMessages(ranks: world.size) ? 2 : 0
    let expected = sizes.reduce(0) { total, size in
      let share = Double(world.size - size) / Double(world.size)
      let planes = Double(Tally.planeCount(ranks: size, masked: false) + 1)
      return total + Int(share * planes * Double(count / 8)) + within * (size - 1) * count / 8
    }
    let heads = 160 * world.size * world.size
    try expectOnAllRanks(
      sums[0] == sums[1] && sums[0] >= expected
        && sums[0] <= expected + expected / 50 + (expected > 0 ? heads : 0)
        && !vote.traffic.isModelled,
      "\(layout): \(sums), not \(expected)", on: world)
  }

  @Test func noRoom_isToldOnAllRanks() throws {
    let world = try RankWorld.communicator()
    let layout = NodeLayout(sharesMemory: false)
    let vote = try makeVote(5_000, .fair, layout, on: world)
    Ballots.withZeros.fill(&vote.ballot, .fair, voter: world.rank, step: 3)
    try hold(vote, step: 3)
    let isRight = (0..<5_000).allSatisfy {
      vote.verdict[$0]
        == VoteModel.verdict(.withZeros, .fair, voters: world.size, coordinate: $0, step: 3)
    }
    let isTold = vote.notice?.contains("no room for shared memory") ?? false
    try expectOnAllRanks(
      isRight && isTold == (world.size > 1), "\(isRight), \(vote.notice ?? "no notice")", on: world)
  }

  @Test func aSilentRank_isNamed() throws {
    let world = try RankWorld.communicator()
    guard world.size > 1 else { return }
    let vote = try makeVote(5_000, .fair, NodeLayout(), on: world)
    let last = world.size - 1
    var found: VotingError?
    if world.rank != last {
      var control = ControlBlock()
      control.step = 4
      try vote.begin(control)
      do {
        try vote.wait(Patience(limitSeconds: 0.3))
      } catch let error as VotingError { found = error }
    }
    let expected: VotingError? =
      world.rank == last ? nil : .peersMissing(ranks: [last], step: 4, seconds: 0.3)
    try expectOnAllRanks(found == expected, "\(String(describing: found))", on: world)
  }
}
