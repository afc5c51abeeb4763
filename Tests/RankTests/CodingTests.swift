import AlignedBuffers
import MPIKit
import SignBits
import TestSupport
import Testing

@testable import Voting

/// Votes whose messages are coded, or which begin before the ballot is complete.
@Suite("Coding and buckets", .underLauncher)
struct CodingTests {
  private func finish(_ vote: MajorityVote, step: Int, limitSeconds: Double = 60) throws {
    var control = ControlBlock()
    control.step = step
    try vote.begin(control)
    try vote.wait(Patience(limitSeconds: limitSeconds))
    vote.tally()
  }

  /// Coherent ballots: each rank flips some signs from vote to vote, and abstains here and there.
  private func change(_ ballot: inout SignPlanes, rank: Int, step: Int) {
    for index in stride(from: (step * 7 + rank * 3) % 29, to: ballot.count, by: 29 + rank) {
      ballot[index] = (step + index) % 11 == 0 ? 0 : ballot[index] > 0 ? -1 : 1
    }
    if step % 4 == 1 { ballot.abstain(in: 5_000 + step..<6_000 + rank) }
  }

  private func differingWords(_ first: MajorityVote, _ second: MajorityVote) -> [Int] {
    (0..<first.verdict.wordCount).filter {
      first.verdict.signs[$0] != second.verdict.signs[$0]
        || first.verdict.masks[$0] != second.verdict.masks[$0]
    }
  }

  @Test(arguments: SignRule.allCases, [Route.exchange, .gather])
  func coding_changesBytesAndNoBit(rule: SignRule, route: Route) throws {
    let world = try RankWorld.communicator()
    let votes = try Coding.allCases.map { coding in
      try MajorityVote(
        coordinateCount: 300_003, rule: rule, route: route, coding: coding, seed: 5,
        communicator: world)
    }
    for step in 10..<20 {
      for vote in votes {
        change(&vote.ballot, rank: world.rank, step: step)
        try finish(vote, step: step)
      }
      let differing = differingWords(votes[0], votes[1])
      try expectOnAllRanks(
        differing.isEmpty && votes[0].verdict.hasMask == votes[1].verdict.hasMask,
        "\(rule), step \(step): words \(differing.prefix(5))", on: world)
    }
    let (plain, coded) = (votes[0].traffic, votes[1].traffic)
    try expectOnAllRanks(
      world.size == 1 || coded.bytesSent * 3 < plain.bytesSent * 2, "\(coded), plain \(plain)",
      on: world)
  }

  @Test(arguments: SignRule.allCases, Coding.allCases)
  func buckets_changeNoBit(rule: SignRule, coding: Coding) throws {
    let world = try RankWorld.communicator()
    let count = 300_003
    // Some buckets have fewer blocks than there are ranks, one has none.
    let buckets = [60..<74, 59..<60, 59..<59, 3..<59, 0..<3]
    let whole = try MajorityVote(
      coordinateCount: count, rule: rule, route: .allreduce, seed: 5, communicator: world)
    let parts = try MajorityVote(
      coordinateCount: count, rule: rule, route: .exchange, coding: coding, buckets: buckets,
      seed: 5, communicator: world)
    for step in 10..<20 {
      change(&whole.ballot, rank: world.rank, step: step)
      try finish(whole, step: step)
      try parts.open(step: step)
      // The ballot is filled from its end, as a backward pass would.
      for (bucket, blocks) in buckets.dropLast().enumerated() {
        for index in blocks.lowerBound * 4_096..<min(blocks.upperBound * 4_096, count) {
          parts.ballot[index] = whole.ballot[index]
        }
        try parts.release(bucket: bucket)
        for _ in 0..<3 { try parts.progress() }
      }
      for index in 0..<3 * 4_096 { parts.ballot[index] = whole.ballot[index] }
      try finish(parts, step: step)
      let differing = differingWords(whole, parts)
      try expectOnAllRanks(
        differing.isEmpty, "\(rule), step \(step): words \(differing.prefix(5))", on: world)
    }
  }

  @Test func releasedBuckets_travelBeforeTheBallotIsComplete() throws {
    let world = try RankWorld.communicator()
    let vote = try MajorityVote(
      coordinateCount: 2 << 20, rule: .fair, route: .exchange, buckets: [256..<512, 0..<256],
      seed: 5, communicator: world)
    try vote.open(step: 0)
    try vote.release(bucket: 0)
    // All ranks work at it until the first half is decided everywhere.
    for _ in 0..<200 {
      try vote.progress()
      try world.barrier()
    }
    try finish(vote, step: 0)
    let traffic = vote.traffic
    try expectOnAllRanks(
      world.size == 1
        || abs(Double(traffic.bytesOverlapped) / Double(traffic.bytesSent) - 0.5) < 0.02,
      "\(traffic)", on: world)
  }

  /// A reference that is not the sender's, as a fault of memory or a bug would leave it.
  @Test(arguments: [Route.exchange, .gather])
  func aWrongReference_isNamedAndNeverVotedOn(route: Route) throws {
    let world = try RankWorld.communicator()
    guard world.size > 1 else { return }
    let vote = try MajorityVote(
      coordinateCount: 100_000, rule: .fair, route: route, coding: .delta, seed: 5,
      communicator: world)
    for step in 0..<2 {
      change(&vote.ballot, rank: world.rank, step: step)
      try finish(vote, step: step)
    }
    if world.rank == 0 {
      // A bit in every shard.
      for word in stride(from: 0, to: vote.ballot.wordCount, by: 16) {
        (vote.route as? ExchangeRoute)?.coding?.sentBallots.signs[word] ^= 1
        (vote.route as? GatherRoute)?.references.signs[word] ^= 1
      }
    }
    change(&vote.ballot, rank: world.rank, step: 2)
    var found: VotingError?
    do {
      // Who noticed sends no more: rank 0 waits in vain.
      try finish(vote, step: 2, limitSeconds: 2)
    } catch let error as VotingError {
      found = error
    }
    try world.barrier()
    // Rank 0 sends changes of something else; the others notice, and nobody waits for ever.
    let isNamed =
      if case .wrongMessage(0, 2, let problem) = found {
        problem.contains("another hash")
      } else {
        false
      }
    try expectOnAllRanks(
      world.rank == 0 || isNamed, "\(String(describing: found))", on: world)
  }
}
