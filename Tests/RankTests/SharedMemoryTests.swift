import MPIKit
import TestSupport
import Testing

/// The shared window of a node.
@Suite("Shared memory", .underLauncher)
struct SharedMemoryTests {
  private struct NoRoom: Error {}

  @Test func elements_areSeenAfterTheCounter() throws {
    let node = try RankWorld.communicator().splitSharedMemory()
    let count = 100_003
    guard
      let memory = try SharedMemory<UInt64>(
        count: count * node.size, counters: node.size, on: node)
    else { throw NoRoom() }
    for round in 1...20 {
      let own = node.rank * count..<(node.rank + 1) * count
      memory.withMutableSpan(in: own) { part in
        for index in part.indices { part[index] = UInt64(index * round + node.rank) }
      }
      memory.setCounter(node.rank, to: UInt64(2 * round - 1))
      try waitForAll(memory, UInt64(2 * round - 1))
      let next = (node.rank + 1) % node.size
      let isRight = memory.withSpan(in: next * count..<(next + 1) * count) { part in
        part.indices.allSatisfy { index in part[index] == UInt64(index * round + next) }
      }
      // Nobody writes again before all have read.
      memory.setCounter(node.rank, to: UInt64(2 * round))
      try waitForAll(memory, UInt64(2 * round))
      try expectOnAllRanks(isRight, "round \(round)", on: node)
    }
  }

  private func waitForAll(_ memory: borrowing SharedMemory<UInt64>, _ value: UInt64) throws {
    var limit = WaitLimit(seconds: 60)
    for index in 0..<memory.counterCount {
      while memory.counter(at: index) < value { try limit.pause() }
    }
  }

  @Test func memory_isZeroAndAligned() throws {
    let node = try RankWorld.communicator().splitSharedMemory()
    // Freed and made again: what an earlier one held is gone.
    for round in 0..<3 {
      guard let memory = try SharedMemory<Float>(count: 4_099, counters: 1, on: node) else {
        throw NoRoom()
      }
      let isZero = memory.withSpan(in: 0..<4_099) { span in
        span.indices.allSatisfy { span[$0] == 0 }
      }
      let address = memory.withSpan(in: 0..<1) { span in
        span.withUnsafeBufferPointer { Int(bitPattern: $0.baseAddress) }
      }
      try expectOnAllRanks(
        isZero && address % 64 == 0 && memory.counter(at: 0) == 0, "round \(round)", on: node)
      if node.rank == 0 {
        memory.withMutableSpan(in: 0..<4_099) { for index in $0.indices { $0[index] = 1 } }
      }
      try node.barrier()
    }
  }

  @Test func noRoom_isToldToAllRanks() throws {
    let node = try RankWorld.communicator().splitSharedMemory()
    let memory = try SharedMemory<UInt64>(count: 1 << 50, counters: 1, on: node)
    let isMissing = if case nil = memory { true } else { false }
    try expectOnAllRanks(isMissing, "a window of 8 PiB", on: node)
  }

  /// A rank that ends its memory alone must not wait for the others for good.
  @Test func end_doesNotWaitForThoseWhoStay() throws {
    let node = try RankWorld.communicator().splitSharedMemory()
    let isLast = node.rank == node.size - 1
    let start = ContinuousClock.now
    if isLast {
      let memory = try SharedMemory<UInt64>(count: 8, counters: 1, on: node)
      // Longer than the others wait.
      if node.size > 1 { stay(seconds: 3) }
      #expect(memory?.counter(at: 0) == 0)
    } else {
      _ = try SharedMemory<UInt64>(count: 8, counters: 1, on: node)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    try expectOnAllRanks(seconds < 30, "\(seconds) s", on: node)
  }

  private func stay(seconds: Double) {
    var limit = WaitLimit(seconds: seconds)
    do { while true { try limit.pause() } } catch {}
  }
}
