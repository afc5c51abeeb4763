import Testing

@testable import Voting

@Suite struct PromisingRoutesTests {
  private func promising(
    _ candidates: [RouteTrial.Candidate] = RouteTrial.Candidate.all, count: Int, ranks: Int
  ) -> [RouteTrial.Candidate] {
    RouteTrial.promising(candidates, coordinateCount: count, ranks: ranks)
  }

  @Test func smallVotes_tryAllRoutes() {
    #expect(promising(count: 1_000_000, ranks: 64) == RouteTrial.Candidate.all)
  }

  /// It has room for the ballots of all ranks.
  @Test func gather_isNotTriedWhereItTakesTooMuchMemory() {
    #expect(promising(count: 25_600_000, ranks: 8).contains(.init(.gather)))
    let left = promising(count: 25_600_000, ranks: 64)
    #expect(left == RouteTrial.Candidate.all.filter { $0.route != .gather })
  }

  @Test func hugeVotes_tryRoutesOfOneBit() {
    let left = promising(count: 1 << 30, ranks: 2)
    #expect(left == [.init(.exchange), .init(.exchange, .delta), .init(.hierarchical)])
  }

  @Test func onlyRoute_isTriedAtAnySize() {
    let gathers = [RouteTrial.Candidate(.gather), RouteTrial.Candidate(.gather, .delta)]
    #expect(promising(gathers, count: 1 << 40, ranks: 1_000) == gathers)
  }
}
