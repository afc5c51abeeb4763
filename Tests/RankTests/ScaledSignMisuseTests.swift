import MPIKit
import TestSupport
import Testing
import Voting

/// Each in a process of its own, where MPI starts as a world of one rank.
@Suite("Misuse of the mean of scaled signs traps", .outsideLauncher)
struct ScaledSignMisuseTests {
  @Test func aGapBetweenTensors_traps() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let world = try MPI.startForTests()
      _ = try ScaledSignMean(tensors: [0..<5, 6..<7], route: .gather, communicator: world)
    }
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(text.contains("tensor 1 is 6..<7, where one from 5 on was expected"), "\(text)")
  }

  /// By their patterns, since NaN and infinities do not travel to the other process.
  @Test(arguments: [Float.nan, .infinity, -1].map(\.bitPattern))
  func aScaleThatIsNone_traps(pattern: UInt32) async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [pattern] in
      let world = try MPI.startForTests()
      let mean = try ScaledSignMean(tensors: [0..<5], route: .gather, communicator: world)
      mean.scales[0] = Float(bitPattern: pattern)
      try mean.begin(ControlBlock())
    }
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(text.contains("1 scales for 1 tensors, or one that is none"), "\(text)")
  }
}
