import MPIKit
import TestSupport
import Testing

@Suite("All to all", .underLauncher)
struct AllToAllTests {
  @Test(arguments: [0, 1, 5, 100])
  func allToAll_sendsEachPartToItsRank(count: Int) throws {
    try RankWorld.withEachCommunicator { name, communicator in
      let size = communicator.size
      let own = (0..<size).flatMap { target in
        (0..<count).map { part(from: communicator.rank, to: target, $0) }
      }
      var received = [Int](repeating: -1, count: count * size)
      try communicator.allToAll(own.span, into: received.mutableSpan)
      let expected = (0..<size).flatMap { source in
        (0..<count).map { part(from: source, to: communicator.rank, $0) }
      }
      try expectOnAllRanks(received == expected, "\(name): \(received)", on: communicator)
    }
  }

  @Test func allToAllVariable_takesUnevenAndZeroCounts() throws {
    try RankWorld.withEachCommunicator { name, communicator in
      let size = communicator.size
      let rank = communicator.rank
      func count(_ source: Int, _ target: Int) -> Int { (source + 2 * target) % 4 }
      func elements(_ source: Int, _ target: Int) -> [Int] {
        (0..<count(source, target)).map { part(from: source, to: target, $0) }
      }
      let own = (0..<size).flatMap { elements(rank, $0) }
      let expected = (0..<size).flatMap { elements($0, rank) }
      var received = [Int](repeating: -1, count: expected.count)
      try communicator.allToAllVariable(
        own.span,
        sendCounts: (0..<size).map { count(rank, $0) }, into: received.mutableSpan,
        receiveCounts: (0..<size).map { count($0, rank) })
      try expectOnAllRanks(received == expected, "\(name): \(received)", on: communicator)
    }
  }

  private func part(from source: Int, to target: Int, _ index: Int) -> Int {
    10_000 * source + 1_000 * target + index
  }
}
