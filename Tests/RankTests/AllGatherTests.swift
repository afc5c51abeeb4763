import MPIKit
import TestSupport
import Testing

@Suite("Gathering on all ranks", .underLauncher)
struct AllGatherTests {
  @Test(arguments: [0, 1, 5, 100])
  func allGather_keepsTheOrderOfRanks(count: Int) throws {
    try RankWorld.withEachCommunicator { name, communicator in
      let own = (0..<count).map { UInt64($0 + 1_000 * communicator.rank) }
      var all = [UInt64](repeating: 0, count: count * communicator.size)
      try communicator.allGather(own.span, into: all.mutableSpan)
      let expected = (0..<communicator.size).flatMap { rank in
        (0..<count).map { UInt64($0 + 1_000 * rank) }
      }
      try expectOnAllRanks(all == expected, "\(name): \(all)", on: communicator)
    }
  }

  @Test func allGatherVariable_takesUnevenAndZeroCounts() throws {
    try RankWorld.withEachCommunicator { name, communicator in
      // Rank 1 has nothing, the others have more the higher they are.
      let counts = (0..<communicator.size).map { $0 == 1 ? 0 : 2 * $0 + 1 }
      let parts = counts.enumerated().map { rank, count in (0..<count).map { 10 * rank + $0 } }
      var all = [Int](repeating: -1, count: counts.reduce(0, +))
      let own = parts[communicator.rank]
      try communicator.allGatherVariable(
        own.span, into: all.mutableSpan, counts: counts)
      try expectOnAllRanks(all == parts.flatMap { $0 }, "\(name): \(all)", on: communicator)
    }
  }

  @Test func countBeyondTheLimit_throwsOnAllRanks() throws {
    let world = try RankWorld.communicator().limitingChunks(to: 7)
    var all = [Int](repeating: 0, count: 8 * world.size)
    let even = #expect(throws: MPIError.self) {
      try world.allGather([Int](repeating: 1, count: 8).span, into: all.mutableSpan)
    }
    #expect(even?.errorClass == .count)
    #expect(even?.function == "MPI_Allgather")
    #expect(even?.message.contains("8 elements") == true)
    let counts = (0..<world.size).map { $0 == 0 ? 8 : 0 }
    let uneven = #expect(throws: MPIError.self) {
      var eight = [Int](repeating: 0, count: 8)
      try world.allGatherVariable(
        [Int](repeating: 1, count: counts[world.rank]).span, into: eight.mutableSpan,
        counts: counts)
    }
    #expect(uneven?.errorClass == .count)
  }
}
