import Foundation
import MPIKit
import SignBits
import TestSupport
import Testing
import Voting

/// Votes on more coordinates than one call of MPI counts. (`gather` sends a ballot whole: it ends at
/// 2^36 coordinates, where no memory is left for it.)
///
/// The limit of a call is set low, unless `SIGNUM_LONG_VOTE` gives a number of coordinates to vote
/// on with MPI's own: 3000000000 take 4 GB a rank, and some minutes.
@Suite("Long votes", .underLauncher)
struct LongVoteTests {
  private static let asked = ProcessInfo.processInfo.environment["SIGNUM_LONG_VOTE"]
  private static let count = asked.map { Int($0) ?? 0 } ?? 3_000_011
  /// In place of 2^31 − 1 elements: above the longest message of every route that cuts its own.
  private static let limit = asked == nil ? 40_000 : Int(CInt.max)

  /// A word of the ballot of a rank, 0 behind the last coordinate.
  private func word(_ index: Int, of rank: Int) -> UInt64 {
    let word = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15 &* UInt64(2 * rank + 1)
    let left = Self.count - 64 * index
    return left < 64 ? word & (1 << UInt64(left) - 1) : word
  }

  /// What N ranks decide in a coordinate.
  private func expected(_ coordinate: Int, ranks: Int) -> Int {
    let sum = (0..<ranks).reduce(0) { sum, rank in
      sum + (word(coordinate / 64, of: rank) >> UInt64(coordinate % 64) & 1 == 0 ? 1 : -1)
    }
    return sum.signum()
  }

  @Test(arguments: [Route.exchange, .hierarchical, .allreduce])
  func verdict_isRightWithShortCalls(route: Route) throws {
    let world = try RankWorld.communicator()
    let short = try world.limitingChunks(to: Self.limit)
    for layout in [NodeLayout(), NodeLayout { $0 / 2 }] {
      let vote = try MajorityVote(
        coordinateCount: Self.count, rule: .exact, route: route, seed: 1, layout: layout,
        communicator: short)
      vote.ballot.withUnsafeWords { signs, _ in
        for index in signs.indices { unsafe signs[index] = word(index, of: world.rank) }
      }
      try vote.begin(ControlBlock())
      try vote.wait(Patience(limitSeconds: 500))
      vote.tally()
      // Some 30,000 coordinates all over the vector, and its end.
      let step = Self.count / 30_000 | 1
      let looked = Array(stride(from: 0, to: Self.count, by: step)) + (Self.count - 70..<Self.count)
      let wrong = looked.filter { vote.verdict[$0] != expected($0, ranks: world.size) }
      try expectOnAllRanks(wrong.isEmpty, "\(route): \(wrong.prefix(5))", on: world)
    }
  }
}
