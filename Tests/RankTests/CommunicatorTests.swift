import MPIKit
import TestSupport
import Testing

@Suite("Communicator", .underLauncher)
struct CommunicatorTests {
  @Test func information_describesTheLibraryAndTheProcess() throws {
    let world = try RankWorld.communicator()
    let version = try MPI.libraryVersion
    #expect(!version.isEmpty && !version.contains("\n"))
    let major = try MPI.standardVersion.split(separator: ".").first.flatMap { Int($0) }
    #expect(major ?? 0 >= 3)
    #expect(try MPI.threadLevel >= .serialized)
    let names = try world.allGatherStrings(MPI.processorName)
    #expect(names.allSatisfy { $0 == names[0] && !$0.isEmpty })
    let first = MPI.wallTimeSeconds
    #expect(MPI.wallTimeSeconds >= first)
  }

  @Test func rank_isDifferentOnAllRanks() throws {
    try RankWorld.withEachCommunicator { name, communicator in
      var ranks = [Int](repeating: -1, count: communicator.size)
      try communicator.allGather([communicator.rank].span, into: ranks.mutableSpan)
      try expectOnAllRanks(
        ranks == Array(0..<communicator.size), "\(name): \(ranks)", on: communicator)
    }
  }

  @Test func split_dividesByColorAndOrdersByKey() throws {
    let world = try RankWorld.communicator()
    guard let part = try world.split(color: world.rank / 2, key: -world.rank) else {
      Issue.record("a rank with a colour is in no part")
      return
    }
    let firstOfPart = world.rank / 2 * 2
    let size = min(2, world.size - firstOfPart)
    try expectOnAllRanks(part.size == size, "size \(part.size)", on: world)
    // Falling keys turn the order round.
    try expectOnAllRanks(
      part.rank == size - 1 - (world.rank - firstOfPart), "rank \(part.rank)", on: world)
  }

  @Test func split_withoutColorJoinsNone() throws {
    let world = try RankWorld.communicator()
    var size: Int?
    if let part = try world.split(color: world.rank == 0 ? nil : 3, key: 0) { size = part.size }
    try expectOnAllRanks(
      size == (world.rank == 0 ? nil : world.size - 1), "size \(size ?? 0)", on: world)
  }

  @Test func splitSharedMemory_holdsAllRanksOfOneNode() throws {
    let world = try RankWorld.communicator()
    let node = try world.splitSharedMemory()
    try expectOnAllRanks(
      node.size == world.size && node.rank == world.rank, "\(node.rank) of \(node.size)", on: world)
  }

  @Test func duplicate_keepsMessagesApart() throws {
    let world = try RankWorld.communicator()
    let twin = try world.duplicate()
    let next = (world.rank + 1) % world.size
    let previous = (world.rank + world.size - 1) % world.size
    // Sent first on the twin, received first on the world: only the communicator tells them apart.
    var twinOut = MessageBuffer<Int>(count: 2, maximumRequests: 4)
    var values = twinOut.mutableSpan
    values[0] = 1
    values[1] = 2
    try twinOut.startSend(0..<1, to: next, tag: 0, on: twin)
    try twinOut.startSend(1..<2, to: next, tag: 0, on: world)
    var fromWorld = [0]
    var fromTwin = [0]
    _ = try world.receive(into: fromWorld.mutableSpan, from: previous, tag: 0)
    _ = try twin.receive(into: fromTwin.mutableSpan, from: previous, tag: 0)
    try twinOut.wait(limitSeconds: 10)
    try expectOnAllRanks(fromWorld == [2] && fromTwin == [1], "\(fromWorld) \(fromTwin)", on: world)
  }

  @Test func communicators_areFreedAtTheEndOfTheirLife() throws {
    let world = try RankWorld.communicator()
    // Open MPI has room for some ten thousand at once; a leak would run into it.
    for _ in 0..<3_000 { _ = try world.selfCommunicator().duplicate() }
    try world.barrier()
  }

  @Test func wrongRank_throwsWithClassAndFunction() throws {
    let world = try RankWorld.communicator()
    let error = #expect(throws: MPIError.self) {
      try world.send([1].span, to: world.size, tag: 0)
    }
    #expect(error?.errorClass == .rank)
    #expect(error?.function == "MPI_Send")
    #expect(error?.message.isEmpty == false)
    #expect(error?.description.hasPrefix("MPI_Send: ") == true)
  }

  @Test func unknownCode_survives() throws {
    _ = try RankWorld.communicator()
    let error = MPIError(code: 987_654, function: "MPI_Nothing")
    #expect(error.code == 987_654)
    #expect(error.function == "MPI_Nothing")
    #expect(!error.message.isEmpty)
  }
}
