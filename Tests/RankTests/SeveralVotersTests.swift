import AlignedBuffers
import MPIKit
import SignBits
import TestSupport
import Testing
import Voting

/// Votes in which a rank casts any number of ballots.
@Suite("Several voters a rank", .underLauncher)
struct SeveralVotersTests {
  /// Which rank casts the ballot of a voter; some ranks cast none.
  private enum Hosting: CaseIterable {
    case inTurn
    case allByTheLast
    case uneven

    func rank(of voter: Int, ranks: Int) -> Int {
      switch self {
      case .inTurn: return voter % ranks
      case .allByTheLast: return ranks - 1
      case .uneven: return voter < 2 ? ranks / 2 : voter * voter % ranks
      }
    }
  }

  @Test(arguments: SignRule.allCases)
  func verdict_equalsTheModel(rule: SignRule) throws {
    try RankWorld.withEachCommunicator { name, ranks in
      for (voters, count) in [(1, 65), (2, 9), (4, 129), (7, 300), (8, 4_160), (27, 100)] {
        let course = Array(zip([0, 1, 2, 15, 16, 17], VoteModel.course))
        let expected = course.map { step, ballots in
          (0..<count).map {
            VoteModel.verdict(ballots, rule, voters: voters, coordinate: $0, step: step)
          }
        }
        for route in Route.allCases {
          let vote = try MajorityVote(
            coordinateCount: count, voters: voters, rule: rule, route: route,
            seed: VoteModel.seed, communicator: ranks)
          for ((step, ballots), expected) in zip(course, expected) {
            // The hosts change from vote to vote.
            let hosting = Hosting.allCases[step % 3]
            for voter in 0..<voters where hosting.rank(of: voter, ranks: ranks.size) == ranks.rank {
              ballots.fill(&vote.ballot, rule, voter: voter, step: step)
              vote.cast()
            }
            try hold(vote, step: step)
            let wrong = (0..<count).filter { vote.verdict[$0] != expected[$0] }
            try expectOnAllRanks(
              wrong.isEmpty,
              "\(name) \(route) \(rule) \(voters) of \(count) \(ballots): \(wrong.prefix(5))",
              on: ranks)
          }
        }
      }
    }
  }

  @Test(arguments: Route.allCases)
  func aMissingBallot_isAnError(route: Route) throws {
    let world = try RankWorld.communicator()
    let vote = try MajorityVote(
      coordinateCount: 9, voters: 4, rule: .fair, route: route, seed: 1, communicator: world)
    if world.rank == 0 { for _ in 0..<3 { vote.cast() } }
    let error = #expect(throws: VotingError.self) { try hold(vote, step: 5) }
    try expectOnAllRanks(
      error == .ballotCount(cast: 3, voters: 4, step: 5), "\(route): \(String(describing: error))",
      on: world)
  }

  @Test func controls_countTheBallotsOfEachRank() throws {
    let world = try RankWorld.communicator()
    let voters = world.size * (world.size + 1) / 2
    for route in Route.allCases {
      let vote = try MajorityVote(
        coordinateCount: 9, voters: voters, rule: .exact, route: route, seed: 1,
        communicator: world)
      for _ in 0...world.rank { vote.cast() }
      try hold(vote, step: 1 << 40)
      try expectOnAllRanks(
        vote.controls.map(\.ballots) == Array(1...world.size)
          && vote.controls.allSatisfy { $0.step == 1 << 40 },
        "\(route): \(vote.controls)", on: world)
    }
  }

  private func hold(_ vote: MajorityVote, step: Int) throws {
    var control = ControlBlock()
    control.step = step
    try vote.begin(control)
    try vote.wait(Patience(limitSeconds: 60))
    vote.tally()
  }
}
