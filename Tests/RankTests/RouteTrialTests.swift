import MPIKit
import SignBits
import TestSupport
import Testing
import Voting

@Suite("Trials of routes", .underLauncher)
struct RouteTrialTests {
  private func trial(
    of candidates: [RouteTrial.Candidate] = RouteTrial.Candidate.all, count: Int,
    voters: Int? = nil, on world: borrowing Communicator
  ) throws -> RouteTrial {
    try RouteTrial(
      of: candidates, flipRate: 0.1, coordinateCount: count, voters: voters, rule: .fair,
      patience: Patience(limitSeconds: 100), communicator: world)
  }

  /// The choice is the fastest by the figures, and all ranks have the same ones.
  @Test(arguments: [100, 300_000], [nil, 11])
  func winner_isTheFastestOfAll(count: Int, voters: Int?) throws {
    let world = try RankWorld.communicator()
    let trial = try trial(count: count, voters: voters, on: world)
    let seconds = trial.medians.map(\.seconds)
    let place = trial.medians.firstIndex { $0.candidate == trial.winner }
    try expectOnAllRanks(
      place.map { seconds[$0] } == seconds.min() && seconds.allSatisfy { $0 > 0 },
      "\(trial.winner) of \(trial.medians)", on: world)
    // Small votes leave time for all of them, and for turns of those that can win.
    try expectOnAllRanks(
      trial.medians.map(\.candidate) == RouteTrial.Candidate.all, "\(trial.medians)", on: world)
    let mine = seconds + [Double(place ?? -1), Double(trial.trials)]
    var first = mine
    try world.broadcast(first.mutableSpan, root: 0)
    try expectOnAllRanks(mine == first, "\(mine), rank 0 has \(first)", on: world)
  }

  @Test func onlyCandidate_wins() throws {
    let world = try RankWorld.communicator()
    let only = RouteTrial.Candidate(.gather, .delta)
    let trial = try trial(of: [only], count: 1_000, on: world)
    try expectOnAllRanks(
      trial.winner == only && trial.medians.count == 1 && trial.trials == 0, trial.reason,
      on: world)
  }
}
