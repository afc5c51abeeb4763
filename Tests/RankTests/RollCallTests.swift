import MPIKit
import TestSupport
import Testing

@Suite("Roll call", .underLauncher)
struct RollCallTests {
  @Test func rollCall_hearsAllWhoCall() throws {
    let world = try RankWorld.communicator()
    let twin = try world.duplicate()
    let start = ContinuousClock.now
    let silent = twin.rollCall(seconds: 20)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    try expectOnAllRanks(silent.isEmpty, "silent: \(silent)", on: world)
    try expectOnAllRanks(seconds < 15, "returns as soon as all are heard: \(seconds) s", on: world)
  }

  @Test func rollCall_namesWhoIsSilent() throws {
    let world = try RankWorld.communicator()
    // The last rank takes part in neither: as if it were dead. Its twin lives until all are done.
    let twin = try world.duplicate()
    let isSilent = world.rank == world.size - 1 && world.size > 1
    var silent: [Int] = []
    if !isSilent {
      var buffer = MessageBuffer<Int>(count: 2, maximumRequests: 1)
      if world.size > 1 {
        try buffer.startReceive(into: 0..<1, from: world.size - 1, tag: 0, on: twin)
      }
      if world.size > 1 {
        #expect(throws: WaitTimeout.self) { try buffer.wait(limitSeconds: 0.2) }
      }
      silent = twin.rollCall(seconds: 1.5)
      // The buffer dies with its operation in flight: it must neither wait nor fail.
    }
    let expected = isSilent || world.size == 1 ? [] : [world.size - 1]
    try expectOnAllRanks(silent == expected, "silent: \(silent)", on: world)
  }
}
