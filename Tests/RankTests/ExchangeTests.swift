import AlignedBuffers
import MPIKit
import SignBits
import TestSupport
import Testing
import Voting

/// What the route `exchange` does beside giving the right verdict.
@Suite("Route exchange", .underLauncher)
struct ExchangeTests {
  private func hold(_ vote: MajorityVote, step: Int) throws {
    var control = ControlBlock()
    control.step = step
    try vote.begin(control)
    try vote.wait(Patience(limitSeconds: 60))
    vote.tally()
  }

  /// Bytes that a rank sends for its ballots, and for its verdict, over those of the whole.
  private func sent(_ vote: MajorityVote, _ world: borrowing Communicator) throws -> Int {
    var sums = [vote.traffic.bytesSent, vote.traffic.bytesReceived]
    try world.allReduce(inPlace: sums.mutableSpan, operation: .sum)
    #expect(sums[0] == sums[1], "what all send is what all receive")
    return sums[0]
  }

  @Test func traffic_isTwoBitsTimesNMinusOneOverN() throws {
    let world = try RankWorld.communicator()
    let count = 1_000_000
    let vote = try MajorityVote(
      coordinateCount: count, rule: .fair, route: .exchange, seed: 1, communicator: world)
    try hold(vote, step: 0)
    let ideal = Double(2 * (world.size - 1)) / Double(world.size) * Double(count) / 8
    let traffic = vote.traffic
    try expectOnAllRanks(
      !traffic.isModelled && abs(Double(traffic.bytesSent) - ideal) <= 0.01 * ideal
        && abs(Double(traffic.bytesReceived) - ideal) <= 0.01 * ideal,
      "\(traffic), not \(ideal)", on: world)
    _ = try sent(vote, world)
  }

  /// A mask costs its bits and a bitmap, in the blocks that have one.
  @Test func masks_travelWithTheirBlocksOnly() throws {
    let world = try RankWorld.communicator()
    let vote = try MajorityVote(
      coordinateCount: 64 * 4_096, rule: .fair, route: .exchange, seed: 1, communicator: world)
    try hold(vote, step: 0)
    let plain = try sent(vote, world)
    vote.ballot.abstain(in: 4_096 * 5 + 7..<4_096 * 6 + 1)
    try hold(vote, step: 1)
    let masked = try sent(vote, world)
    // Two blocks of 512 bytes from all but their owner, and a bitmap's word or two.
    let extra = (world.size - 1) * 2 * 512
    try expectOnAllRanks(
      masked >= plain + extra && masked <= plain + extra + 32 * world.size,
      "\(plain), then \(masked)", on: world)
  }

  /// Trits take 1.6 bits where ties are everywhere, bitmap and masks less where they are few.
  @Test(arguments: [(1, 1.6), (64, 1.6), (64 * 4_096, 1.02)])
  func exactVerdict_takesTheShortestForm(tieEvery: Int, bits: Double) throws {
    let world = try RankWorld.communicator()
    let count = 64 * 4_096
    let vote = try MajorityVote(
      coordinateCount: count, rule: .exact, route: .exchange, seed: 1, communicator: world)
    // The ballots have no masks: at an even number of ranks half of them outvote the others nowhere.
    var values = [Float](repeating: 1, count: count)
    if world.rank % 2 == 1 {
      for index in stride(from: 0, to: count, by: tieEvery) { values[index] = -1 }
    }
    vote.ballot.pack(values.span, rule: .exact)
    try hold(vote, step: 0)
    let bytes = try sent(vote, world)
    let isEven = world.size % 2 == 0
    let expected = Double((world.size - 1) * count / 8) * (1 + (isEven ? bits : 1))
    try expectOnAllRanks(
      abs(Double(bytes) - expected) <= 0.02 * expected, "\(bytes) bytes, not \(expected)",
      on: world)
    let zeros = (0..<count).count { vote.verdict[$0] == 0 }
    try expectOnAllRanks(
      zeros == (isEven ? (count + tieEvery - 1) / tieEvery : 0), "\(zeros) zeros", on: world)
  }

  /// More chunks than are in flight, of ballots and of tallies; the last block is no whole one.
  @Test(arguments: [(6_000_017, nil), (1_000_003, 5)] as [(Int, Int?)], SignRule.allCases)
  func manyChunks_equalTheReduction(size: (count: Int, voters: Int?), rule: SignRule) throws {
    let world = try RankWorld.communicator()
    let votes = try [Route.exchange, .allreduce].map { route in
      try MajorityVote(
        coordinateCount: size.count, voters: size.voters, rule: rule, route: route, seed: 5,
        communicator: world)
    }
    for step in [15, 16] {
      for vote in votes {
        for index in stride(from: step + 37 * world.rank, to: size.count, by: 97) {
          vote.ballot[index] = -1
        }
        let hole = world.rank % 4 * 200_000 + step
        vote.ballot.abstain(in: hole..<hole + 200_000)
        let ballots = size.voters.map { ($0 + world.size - 1 - world.rank) / world.size } ?? 0
        for _ in 0..<ballots { vote.cast() }
        try hold(vote, step: step)
      }
      let differing = (0..<votes[0].verdict.wordCount).filter {
        votes[0].verdict.signs[$0] != votes[1].verdict.signs[$0]
          || votes[0].verdict.masks[$0] != votes[1].verdict.masks[$0]
      }
      let hasMask = (votes[0].verdict.hasMask, votes[1].verdict.hasMask)
      try expectOnAllRanks(
        differing.isEmpty && hasMask.0 == hasMask.1,
        "\(rule), step \(step): words \(differing.prefix(5)) \(hasMask)", on: world)
    }
  }

  /// Many votes in a row: memory is used again while others are still in the vote before.
  @Test func votesBackToBack_stayApart() throws {
    let world = try RankWorld.communicator()
    let vote = try MajorityVote(
      coordinateCount: 3 * 4_096 + 5, rule: .exact, route: .exchange, seed: 1,
      communicator: world)
    var wrong: [Int] = []
    for step in 0..<200 {
      let sign = step / 3 % 2 == 0 ? 1 : -1
      vote.ballot[step] = sign
      vote.ballot[3 * 4_096 + 4] = -sign
      try hold(vote, step: step)
      if vote.verdict[step] != sign || vote.verdict[3 * 4_096 + 4] != -sign { wrong.append(step) }
    }
    try expectOnAllRanks(wrong.isEmpty, "steps \(wrong)", on: world)
  }

  @Test(arguments: [(5_000, 9_000), (9_000, 5_000), (4_000_000, 5_000), (100, 164)])
  func aRankWithOtherSizes_isNamed(first: Int, second: Int) throws {
    let world = try RankWorld.communicator()
    guard let pair = try world.split(color: world.rank / 2, key: 0), pair.size == 2 else { return }
    let vote = try MajorityVote(
      coordinateCount: pair.rank == 0 ? first : second, rule: .fair, route: .exchange, seed: 1,
      communicator: pair)
    var found: VotingError?
    do {
      try vote.begin(ControlBlock())
      try vote.wait(Patience(limitSeconds: 5))
    } catch let error as VotingError {
      found = error
    }
    guard case .wrongMessage(let rank, 0, _) = found else {
      Issue.record("\(pair.rank): \(String(describing: found))")
      return
    }
    #expect(rank == 1 - pair.rank)
  }

  /// The limit is on silence, not on the whole wait.
  @Test func aSlowRank_isWaitedForWhileItSends() throws {
    let world = try RankWorld.communicator()
    let buckets = [96..<128, 64..<96, 32..<64, 0..<32]
    let vote = try MajorityVote(
      coordinateCount: 128 * 4_096, rule: .fair, route: .exchange, buckets: buckets, seed: 1,
      communicator: world)
    try vote.open(step: 0)
    for bucket in buckets.indices {
      if world.rank == 0 {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(0.5) { try vote.progress() }
      }
      try vote.release(bucket: bucket)
    }
    try vote.begin(ControlBlock())
    try vote.wait(Patience(limitSeconds: 1))
    vote.tally()
    let word = vote.verdict.signs[0]
    try expectOnAllRanks(word == 0, "\(word)", on: world)
  }

  @Test func aSilentRank_isNamed() throws {
    let world = try RankWorld.communicator()
    guard world.size > 1 else { return }
    let vote = try MajorityVote(
      coordinateCount: 9_000, rule: .fair, route: .exchange, seed: 1, communicator: world)
    var found: VotingError?
    if world.rank > 0 {
      do {
        try vote.begin(ControlBlock())
        try vote.wait(Patience(limitSeconds: 0.5))
      } catch let error as VotingError {
        found = error
      }
    }
    try world.barrier()
    try expectOnAllRanks(
      world.rank == 0 || found == .peersMissing(ranks: [0], step: 0, seconds: 0.5),
      "\(String(describing: found))", on: world)
  }
}
