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

  private func bytes(_ change: (inout TrainingOptions) -> Void) -> Int {
    var options = TrainingOptions()
    change(&options)
    return Memory(options, ranks: 4, localRanks: 1).bytesPerParameter
  }

  @Test func bytes_areThoseOfTheParts() {
    let signum = bytes { _ in }
    #expect(signum == 12, "parameters, gradient, momentum")
    #expect(bytes { $0.accumulate = 2 } == signum + 4)
    #expect(bytes { $0.route = .gather } == signum + 3)
    #expect(bytes { $0.checkpoint = "a" } == signum + 8, "the copy")
    #expect(bytes { $0.algorithm = .sgd } == 8 + 12, "messages of the mean")
    let federated = bytes {
      $0.algorithm = .sgd
      $0.clients = 4
      $0.localSteps = 1
    }
    #expect(federated == 8 + 12 + 4, "the sum of clients")
    let local = bytes {
      $0.algorithm = .sgd
      $0.clients = 4
      $0.localSteps = 2
    }
    #expect(local == federated + 8)
  }

  /// It holds the ballots of all ranks.
  @Test func gather_needsMemoryForEachRank() throws {
    try load(.gather, ranks: 1_000)
    try load(.exchange, ranks: 1 << 40)
    #expect(throws: OptionError.self) { try load(.gather, ranks: 1 << 40) }
  }
}
