import MPIKit
import TestSupport
import Testing

@Suite("Messages between two ranks", .underLauncher)
struct PointToPointTests {
  @Test(arguments: [0, 1, 6, 7, 8, 21, 1_000], [7, Int(Int32.max)])
  func sendAndReceive_goRoundTheRing(count: Int, chunkLimit: Int) throws {
    try RankWorld.withEachCommunicator { name, whole in
      guard whole.size > 1 else { return }  // A blocking send to oneself never returns.
      let communicator = try whole.limitingChunks(to: chunkLimit)
      let next = (communicator.rank + 1) % communicator.size
      let previous = (communicator.rank + communicator.size - 1) % communicator.size
      let own = (0..<count).map { Int32($0 + 1_000 * communicator.rank) }
      var received = [Int32](repeating: -1, count: count)
      var receivedCount = 0
      // The first sends first, so that no two wait for each other.
      if communicator.rank == 0 { try communicator.send(own.span, to: next, tag: 3) }
      receivedCount = try communicator.receive(
        into: received.mutableSpan, from: previous, tag: 3)
      if communicator.rank != 0 { try communicator.send(own.span, to: next, tag: 3) }
      try expectOnAllRanks(
        receivedCount == count && received == (0..<count).map { Int32($0 + 1_000 * previous) },
        "\(name): \(receivedCount) \(received)", on: communicator)
    }
  }

  @Test func receive_saysHowManyCame() throws {
    let world = try RankWorld.communicator()
    var out = MessageBuffer<Float>(count: 5, maximumRequests: 1)
    try out.startSend(0..<3, to: world.rank, tag: 0, on: world)
    var room = [Float](repeating: 7, count: 5)
    let count = try world.receive(into: room.mutableSpan, from: world.rank, tag: 0)
    try out.wait(limitSeconds: 10)
    try expectOnAllRanks(count == 3 && room == [0, 0, 0, 7, 7], "\(count) \(room)", on: world)
  }

  @Test func receive_throwsWhenMoreComes() throws {
    let world = try RankWorld.communicator()
    var out = MessageBuffer<Float>(count: 5, maximumRequests: 1)
    try out.startSend(0..<5, to: world.rank, tag: 0, on: world)
    var room = [Float](repeating: 0, count: 3)
    let error = #expect(throws: MPIError.self) {
      try world.receive(into: room.mutableSpan, from: world.rank, tag: 0)
    }
    #expect(error?.errorClass == .truncate)
    try out.wait(limitSeconds: 10)
  }

  @Test func tags_tellMessagesApart() throws {
    let world = try RankWorld.communicator()
    var out = MessageBuffer<Int>(count: 2, maximumRequests: 2)
    var values = out.mutableSpan
    values[0] = 11
    values[1] = 22
    try out.startSend(0..<1, to: world.rank, tag: 0, on: world)
    try out.startSend(1..<2, to: world.rank, tag: Communicator.tags.upperBound - 1, on: world)
    var first = [0]
    var second = [0]
    _ = try world.receive(
      into: second.mutableSpan, from: world.rank, tag: Communicator.tags.upperBound - 1)
    _ = try world.receive(into: first.mutableSpan, from: world.rank, tag: 0)
    try out.wait(limitSeconds: 10)
    try expectOnAllRanks(first == [11] && second == [22], "\(first) \(second)", on: world)
  }
}
