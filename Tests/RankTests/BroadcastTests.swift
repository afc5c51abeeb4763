import MPIKit
import TestSupport
import Testing

@Suite("Broadcast", .underLauncher)
struct BroadcastTests {
  @Test(arguments: [0, 1, 6, 7, 8, 21, 1_000], [7, Int(Int32.max)])
  func broadcast_copiesTheRootsElements(count: Int, chunkLimit: Int) throws {
    try RankWorld.withEachCommunicator { name, whole in
      let communicator = try whole.limitingChunks(to: chunkLimit)
      for root in 0..<communicator.size {
        var elements = (0..<count).map { Float($0 + 1_000 * communicator.rank) }
        try communicator.broadcast(elements.mutableSpan, root: root)
        let expected = (0..<count).map { Float($0 + 1_000 * root) }
        try expectOnAllRanks(elements == expected, "\(name), root \(root)", on: communicator)
      }
    }
  }

  @Test func broadcast_copiesTexts() throws {
    try RankWorld.withEachCommunicator { name, communicator in
      for root in 0..<communicator.size {
        let text = try communicator.broadcast("θ on rank \(communicator.rank)", root: root)
        try expectOnAllRanks(text == "θ on rank \(root)", "\(name): \(text)", on: communicator)
        let empty = try communicator.broadcast(communicator.rank == root ? "" : "x", root: root)
        try expectOnAllRanks(empty.isEmpty, "\(name): \(empty)", on: communicator)
      }
    }
  }

  @Test func broadcast_takesEveryScalar() throws {
    let world = try RankWorld.communicator()
    try check(Float.self, world)
    try check(Double.self, world)
    try check(Int.self, world)
    try check(Int8.self, world)
    try check(UInt8.self, world)
    try check(Int32.self, world)
    try check(UInt32.self, world)
    try check(Int64.self, world)
    try check(UInt64.self, world)
  }

  private func check<T: MPIScalar>(_ type: T.Type, _ world: borrowing Communicator) throws {
    let expected: [T] = [1, 2, 100]
    var elements = world.rank == 0 ? expected : [0, 0, 0]
    try world.broadcast(elements.mutableSpan, root: 0)
    try expectOnAllRanks(elements == expected, "\(type): \(elements)", on: world)
    var sums: [T] = [1, 2, 3]
    try world.allReduce(inPlace: sums.mutableSpan, operation: .sum)
    let ranks = try #require(T(exactly: world.size))
    try expectOnAllRanks(sums == [ranks, 2 * ranks, 3 * ranks], "\(type): \(sums)", on: world)
  }
}
