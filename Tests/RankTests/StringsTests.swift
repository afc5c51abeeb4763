import MPIKit
import TestSupport
import Testing

@Suite("Texts of all ranks", .underLauncher)
struct StringsTests {
  /// Empty on rank 1, of different lengths elsewhere.
  private func text(_ rank: Int) -> String {
    rank == 1 ? "" : String(repeating: "γ\(rank) ", count: rank + 1)
  }

  @Test func gatherStrings_givesThemToRankZero() throws {
    try RankWorld.withEachCommunicator { name, communicator in
      let texts = try communicator.gatherStrings(text(communicator.rank))
      let expected = communicator.rank == 0 ? (0..<communicator.size).map(text) : []
      try expectOnAllRanks(texts == expected, "\(name): \(texts)", on: communicator)
    }
  }

  @Test func allGatherStrings_givesThemToAll() throws {
    try RankWorld.withEachCommunicator { name, communicator in
      let texts = try communicator.allGatherStrings(text(communicator.rank))
      try expectOnAllRanks(
        texts == (0..<communicator.size).map(text), "\(name): \(texts)", on: communicator)
    }
  }

  @Test func gatherStrings_throwsOnAllRanksWhenTooLong() throws {
    let world = try RankWorld.communicator().limitingChunks(to: 16)
    let error = #expect(throws: MPIError.self) {
      try world.gatherStrings(world.rank == world.size - 1 ? "more than sixteen bytes" : "")
    }
    #expect(error?.errorClass == .count)
  }
}
