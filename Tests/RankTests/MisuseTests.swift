import Glibc
import MPIKit
import TestSupport
import Testing

/// Each in a process of its own, where MPI starts as a world of one rank.
@Suite("Misuse traps", .outsideLauncher)
struct MisuseTests {
  @Test func readingWhatIsReceived_traps() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let world = try MPI.startForTests()
      var buffer = MessageBuffer<Int>(count: 4, maximumRequests: 1)
      try buffer.startReceive(into: 1..<3, from: 0, tag: 0, on: world)
      // Beside it all is free.
      guard buffer.span(in: 0..<1).count + buffer.mutableSpan(in: 3..<4).count == 2 else { return }
      _ = buffer.span(in: 2..<4).count
    }
    expect(result.standardErrorContent, "2..<4 of the buffer is in use")
  }

  @Test func writingWhatIsSent_traps() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let world = try MPI.startForTests()
      var buffer = MessageBuffer<Int>(count: 4, maximumRequests: 1)
      try buffer.startSend(0..<2, to: 0, tag: 0, on: world)
      guard buffer.span(in: 0..<4).count == 4 else { return }
      _ = buffer.mutableSpan(in: 1..<2).count
    }
    expect(result.standardErrorContent, "1..<2 of the buffer is in use")
  }

  @Test func startingOnWhatIsInFlight_traps() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let world = try MPI.startForTests()
      var buffer = MessageBuffer<Int>(count: 4, maximumRequests: 2)
      try buffer.startReceive(into: 0..<3, from: 0, tag: 0, on: world)
      try buffer.startReceive(into: 2..<4, from: 0, tag: 1, on: world)
    }
    expect(result.standardErrorContent, "2..<4 of the buffer is in use")
  }

  @Test func moreOperationsThanSlots_trap() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let world = try MPI.startForTests()
      var buffer = MessageBuffer<Int>(count: 4, maximumRequests: 1)
      try buffer.startReceive(into: 0..<1, from: 0, tag: 0, on: world)
      try buffer.startReceive(into: 2..<3, from: 0, tag: 1, on: world)
    }
    expect(result.standardErrorContent, "more operations in flight than the buffer has slots")
  }

  @Test func callFromAnotherThread_trapsUnderFunneled() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      try MPI.run { _ in
        var thread = pthread_t()
        pthread_create(
          &thread, nil,
          { _ in
            _ = try? MPI.processorName
            return nil
          }, nil)
        pthread_join(thread, nil)
      }
    }
    expect(result.standardErrorContent, "MPI_Get_processor_name is called on a thread")
  }

  @Test func bufferInFlight_diesWithoutWaiting() async {
    await #expect(processExitsWith: .exitCode(7)) {
      let world = try MPI.startForTests()
      do {
        var buffer = MessageBuffer<Int>(count: 1 << 20, maximumRequests: 1)
        try buffer.startReceive(into: 0..<(1 << 20), from: 0, tag: 0, on: world)
        // The buffer is gone, and what is sent now still has a place to arrive.
      }
      try world.send([Int](repeating: 1, count: 1 << 20).span, to: 0, tag: 0)
      _exit(7)
    }
  }

  private func expect(
    _ content: [UInt8], _ text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let content = String(decoding: content, as: UTF8.self)
    #expect(content.contains(text), "\(content)", sourceLocation: sourceLocation)
  }
}
