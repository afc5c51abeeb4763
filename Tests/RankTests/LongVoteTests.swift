import MPIKit
import SignBits
import TestSupport
import Testing
import Voting

/// Votes on more coordinates than one call of MPI counts, with the limit set low. (`gather` sends a
/// ballot whole: it ends at 2^36 coordinates, where no memory is left for it.)
@Suite("Long votes", .underLauncher)
struct LongVoteTests {
  private static let count = 3_000_011
  /// In place of 2^31 − 1 elements: above the longest message of every route that cuts its own.
  private static let limit = 40_000

  private func hold(_ route: Route, _ layout: NodeLayout, on ranks: borrowing Communicator) throws
    -> [Int]
  {
    let vote = try MajorityVote(
      coordinateCount: Self.count, rule: .exact, route: route, seed: 1, layout: layout,
      communicator: ranks)
    // Every rank is alone in its own coordinates.
    var values = [Float](repeating: 1, count: Self.count)
    for index in stride(from: ranks.rank, to: Self.count, by: 101) { values[index] = -1 }
    vote.ballot.pack(values.span, rule: .exact)
    try vote.begin(ControlBlock())
    try vote.wait(Patience(limitSeconds: 100))
    vote.tally()
    return (0..<Self.count).filter { vote.verdict[$0] != 1 }
  }

  @Test(arguments: [Route.exchange, .hierarchical, .allreduce])
  func verdict_isRightWithShortCalls(route: Route) throws {
    let world = try RankWorld.communicator()
    let short = try world.limitingChunks(to: Self.limit)
    let others = (0..<Self.count).filter { $0 % 101 < world.size && world.size < 3 }
    for layout in [NodeLayout(), NodeLayout { $0 / 2 }] {
      let found = try hold(route, layout, on: short)
      try expectOnAllRanks(found == others, "\(route): \(found.count), \(others.count)", on: world)
    }
  }
}
