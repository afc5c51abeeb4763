import MPIKit
import TestSupport
import Testing

@Suite("Message buffer", .underLauncher)
struct MessageBufferTests {
  @Test(arguments: [0, 1, 6, 7, 8, 21, 1_000], [7, Int(Int32.max)])
  func startAllReduce_adds(count: Int, chunkLimit: Int) throws {
    try RankWorld.withEachCommunicator { name, whole in
      let communicator = try whole.limitingChunks(to: chunkLimit)
      // One number on each side, to see that the neighbours of the ranges stay.
      var buffer = MessageBuffer<Int>(count: 2 * count + 3, maximumRequests: 200)
      var values = buffer.mutableSpan
      for index in values.indices { values[index] = -1 }
      for index in 0..<count { values[1 + index] = index * (communicator.rank + 1) }
      try buffer.startAllReduce(
        from: 1..<(count + 1), into: (count + 2)..<(2 * count + 2), operation: .sum,
        on: communicator)
      try buffer.wait(limitSeconds: 20)
      let ranks = communicator.size * (communicator.size + 1) / 2
      let expected =
        [-1] + (0..<count).map { $0 * (communicator.rank + 1) } + [-1]
        + (0..<count).map { $0 * ranks } + [-1]
      let found = buffer.span.indices.map { buffer.span[$0] }
      try expectOnAllRanks(found == expected, "\(name): \(found)", on: communicator)
    }
  }

  @Test(arguments: [0, 1, 100])
  func startAllGather_collectsInPlace(count: Int) throws {
    try RankWorld.withEachCommunicator { name, communicator in
      var buffer = MessageBuffer<Int>(count: count * communicator.size, maximumRequests: 1)
      let first = communicator.rank * count
      var own = buffer.mutableSpan(in: first..<(first + count))
      for index in own.indices { own[index] = first + index }
      try buffer.startAllGather(countPerRank: count, on: communicator)
      try buffer.wait(limitSeconds: 20)
      let found = buffer.span.indices.map { buffer.span[$0] }
      try expectOnAllRanks(
        found == Array(0..<(count * communicator.size)), "\(name): \(found)", on: communicator)
    }
  }

  @Test(arguments: [0, 1, 6, 7, 8, 21, 1_000], [7, Int(Int32.max)])
  func startSendAndReceive_exchangeWithAll(count: Int, chunkLimit: Int) throws {
    try RankWorld.withEachCommunicator { name, whole in
      let communicator = try whole.limitingChunks(to: chunkLimit)
      let size = communicator.size
      let chunks = max(1, count / chunkLimit + 1)
      var buffer = MessageBuffer<Int>(
        count: count * (size + 1), maximumRequests: 2 * size * chunks)
      // The own part is behind those of all ranks; all sends share it.
      let own = (count * size)..<(count * (size + 1))
      var values = buffer.mutableSpan(in: own)
      for index in values.indices { values[index] = communicator.rank * count + index }
      for peer in 0..<size where peer != communicator.rank {
        try buffer.startReceive(
          into: (peer * count)..<((peer + 1) * count), from: peer, tag: 5, on: communicator)
      }
      try buffer.startSend(own, toAllOthersWithTag: 5, on: communicator)
      #expect(buffer.span(in: own).count == count)  // What is only sent may be read.
      try buffer.wait(limitSeconds: 20)
      let found = (0..<(count * size)).map { buffer.span[$0] }
      let expected = (0..<(count * size)).map {
        $0 / max(count, 1) == communicator.rank ? 0 : $0
      }
      try expectOnAllRanks(found == expected, "\(name): \(found)", on: communicator)
    }
  }

  @Test func test_isFalseUntilThePeerHasSent() throws {
    let world = try RankWorld.communicator()
    var buffer = MessageBuffer<Int>(count: 2, maximumRequests: 2)
    #expect(try buffer.test() == true)
    try buffer.startReceive(into: 0..<1, from: world.rank, tag: 9, on: world)
    #expect(buffer.isIdle == false)
    #expect(try buffer.test() == false)
    try buffer.startSend(1..<2, to: world.rank, tag: 9, on: world)
    try buffer.wait(limitSeconds: 10)
    #expect(try buffer.test() == true)
    #expect(buffer.isIdle == true)
  }

  @Test func wait_throwsAtTheLimitAndCallsOnIdle() throws {
    let world = try RankWorld.communicator()
    var buffer = MessageBuffer<Int>(count: 2, maximumRequests: 2)
    try buffer.startReceive(into: 0..<1, from: world.rank, tag: 9, on: world)
    var calls = 0
    let start = ContinuousClock.now
    let error = #expect(throws: WaitTimeout.self) {
      try buffer.wait(limitSeconds: 0.1) { calls += 1 }
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    #expect(error?.limitSeconds == 0.1)
    #expect(calls > 0)
    #expect(seconds >= 0.1 && seconds < 5)
    // Still in flight: what comes late is still received.
    try buffer.startSend(1..<2, to: world.rank, tag: 9, on: world)
    try buffer.wait(limitSeconds: 10)
    #expect(buffer.isIdle == true)
  }

  @Test func test_throwsTheErrorOfTheOperation() throws {
    let world = try RankWorld.communicator()
    var buffer = MessageBuffer<Int>(count: 4, maximumRequests: 2)
    try buffer.startSend(1..<4, to: world.rank, tag: 9, on: world)
    try buffer.startReceive(into: 0..<1, from: world.rank, tag: 9, on: world)
    let error = #expect(throws: MPIError.self) { try buffer.wait(limitSeconds: 10) }
    #expect(error?.errorClass == .truncate)
    try buffer.wait(limitSeconds: 10)
    #expect(buffer.isIdle == true)
  }

  @Test func completion_saysWhichOperationAndHowMuchCame() throws {
    let world = try RankWorld.communicator()
    var buffer = MessageBuffer<Int>(count: 10, maximumRequests: 4)
    let short = try buffer.startReceive(into: 0..<4, from: world.rank, tag: 1, on: world)
    let full = try buffer.startReceive(into: 4..<8, from: world.rank, tag: 2, on: world)
    try buffer.startSend(8..<9, to: world.rank, tag: 1, on: world)
    try buffer.startSend(9..<9, to: world.rank, tag: 2, on: world)
    var counts: [Int: Int] = [:]
    while try !buffer.test() || buffer.completionCount > 0 {
      for index in 0..<buffer.completionCount {
        let done = buffer.completion(at: index)
        counts[done.operation] = done.receivedCount
      }
    }
    try expectOnAllRanks(
      counts.count == 4 && counts[short] == 1 && counts[full] == 0, "\(counts)", on: world)
  }

  @Test func failedOperation_isTheOneWhoseErrorWasThrown() throws {
    let world = try RankWorld.communicator()
    var buffer = MessageBuffer<Int>(count: 6, maximumRequests: 4)
    // The sends first: Open MPI 4 sees no truncation by a message to oneself that is awaited.
    try buffer.startSend(2..<3, to: world.rank, tag: 1, on: world)
    try buffer.startSend(3..<6, to: world.rank, tag: 2, on: world)
    try buffer.startReceive(into: 0..<1, from: world.rank, tag: 1, on: world)
    let failing = try buffer.startReceive(into: 1..<2, from: world.rank, tag: 2, on: world)
    #expect(throws: MPIError.self) { try buffer.wait(limitSeconds: 10) }
    #expect(buffer.failedOperation == failing)
    try buffer.wait(limitSeconds: 10)
    #expect(buffer.failedOperation == nil)
  }

  @Test func start_givesTheSlotBackWhenItFails() throws {
    let world = try RankWorld.communicator()
    var buffer = MessageBuffer<Int>(count: 1, maximumRequests: 1)
    let error = #expect(throws: MPIError.self) {
      try buffer.startSend(0..<1, to: world.size, tag: 0, on: world)
    }
    #expect(error?.errorClass == .rank)
    #expect(buffer.isIdle == true)
    var values = buffer.mutableSpan
    values[0] = 1
  }

  @Test func slots_areUsedAgain() throws {
    let world = try RankWorld.communicator()
    var buffer = MessageBuffer<Int>(count: 4, maximumRequests: 2)
    for round in 0..<100 {
      var values = buffer.mutableSpan
      values[0] = round
      values[1] = 2 * round
      for part in 0..<2 {
        try buffer.startAllReduce(
          from: part..<(part + 1), into: (part + 2)..<(part + 3), operation: .sum, on: world)
      }
      try buffer.wait(limitSeconds: 20)
      let found = (buffer.span[2], buffer.span[3])
      #expect(found == (round * world.size, 2 * round * world.size))
    }
  }

  @Test func startAllGather_throwsBeyondTheLimit() throws {
    let world = try RankWorld.communicator().limitingChunks(to: 7)
    var buffer = MessageBuffer<Int>(count: 8 * world.size, maximumRequests: 1)
    let error = #expect(throws: MPIError.self) {
      try buffer.startAllGather(countPerRank: 8, on: world)
    }
    #expect(error?.errorClass == .count)
    #expect(buffer.isIdle == true)
  }
}
