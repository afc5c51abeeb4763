import Objectives
import Testing
import Voting

@testable import Training

@Suite struct MemoryTests {
  private func load(_ route: Route?, ranks: Int) throws {
    var options = TrainingOptions()
    options.model = .closedForm(try #require(ClosedForm("quadratic:1000:1")))
    options.route = route
    _ = try Workload(options, ranks: ranks, localRanks: 1, threads: 1)
  }

  /// It holds the ballots of all ranks.
  @Test func gather_needsMemoryForEachRank() throws {
    try load(.gather, ranks: 1_000)
    try load(.exchange, ranks: 1 << 40)
    #expect(throws: OptionError.self) { try load(.gather, ranks: 1 << 40) }
  }
}
