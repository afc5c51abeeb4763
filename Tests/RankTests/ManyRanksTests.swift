import MPIKit
import SignBits
import TestSupport
import Testing
import Voting

/// All routes at any number of ranks, also far more than cores: every verdict right, none hangs.
@Suite("Many ranks", .underLauncher)
struct ManyRanksTests {
  @Test(arguments: SignRule.allCases)
  func verdict_equalsTheModel(rule: SignRule) throws {
    let world = try RankWorld.communicator()
    let count = 4_500
    let course = [(0, Ballots.withZeros), (16, .withoutZeros), (17, .oneAbstains)]
    let expected = course.map { step, ballots in
      (0..<count).map {
        VoteModel.verdict(ballots, rule, voters: world.size, coordinate: $0, step: step)
      }
    }
    // Nodes that there are, groups of √N ranks, nodes of five ranks and a rest.
    let ways: [(Route, NodeLayout)] =
      Route.allCases.map { ($0, NodeLayout()) } + [
        (.hierarchical, NodeLayout { $0 }), (.hierarchical, NodeLayout { $0 / 5 }),
      ]
    for (route, layout) in ways {
      // A shard of each rank, and fewer blocks than ranks.
      for part in [count, 70] {
        let vote = try MajorityVote(
          coordinateCount: part, rule: rule, route: route, seed: VoteModel.seed, layout: layout,
          communicator: world)
        for ((step, ballots), expected) in zip(course, expected) {
          ballots.fill(&vote.ballot, rule, voter: world.rank, step: step)
          var control = ControlBlock()
          control.step = step
          control.hash = UInt64(world.rank)
          try vote.begin(control)
          try vote.wait(Patience(limitSeconds: 200))
          vote.tally()
          let wrong = (0..<part).filter { vote.verdict[$0] != expected[$0] }
          let areHeard = vote.controls.map(\.hash) == (0..<world.size).map(UInt64.init)
          try expectOnAllRanks(
            wrong.isEmpty && areHeard, "\(route) \(rule) \(part) \(ballots): \(wrong.prefix(5))",
            on: world)
        }
      }
    }
  }
}
