import Testing
import Voting

@testable import Training

@Suite("What may go on after a step")
struct StepGuardTests {
  private func controls(_ change: (inout [ControlBlock]) -> Void) -> [ControlBlock] {
    var controls = Array(repeating: ControlBlock(), count: 3)
    change(&controls)
    return controls
  }

  @Test func rowsOfAbstentions_endTheRunAboveTheLimit() throws {
    var guardian = StepGuard(maximumAbstentions: 2)
    let bad = controls { $0[1].abstainedTensors = 1 }
    let good = controls { _ in }
    #expect(try guardian.check(bad, step: 0, tensors: 4) == [1])
    #expect(try guardian.check(bad, step: 1, tensors: 4) == [1])
    #expect(try guardian.check(good, step: 2, tensors: 4).isEmpty)
    #expect(try guardian.check(bad, step: 3, tensors: 4) == [1])
    #expect(try guardian.check(bad, step: 4, tensors: 4) == [1])
    let error = #expect(throws: TrainingError.self) {
      try guardian.check(bad, step: 5, tensors: 4)
    }
    #expect(error?.description.contains("rank 1 had numbers that are not finite") == true)
    #expect(error?.isAgreed == true)
  }

  @Test func nothingFiniteAnywhere_endsTheRunAtOnce() {
    var guardian = StepGuard(maximumAbstentions: 99)
    let bad = controls {
      $0[0].flags = [.lossNotFinite]
      $0[1].abstainedTensors = 4
      $0[2].flags = [.noSample]
    }
    #expect(throws: TrainingError.self) { try guardian.check(bad, step: 7, tensors: 4) }
  }

  @Test func missingSamples_areNoFault() throws {
    var guardian = StepGuard(maximumAbstentions: 0)
    let end = controls { $0[2].flags = [.noSample] }
    #expect(try guardian.check(end, step: 9, tensors: 4).isEmpty)
  }

  @Test(arguments: [
    ([5, 5, 5] as [UInt64], [] as [Int]), ([5, 6, 5], [1]), ([6, 5, 5], [0]), ([5, 6, 7], [1, 2]),
    ([6, 5], [1]), ([1], []),
  ])
  func outvoted_areThoseWithoutTheMostFrequentHash(hashes: [UInt64], expected: [Int]) {
    #expect(StepGuard.outvoted(hashes) == expected)
  }

  @Test func hashes_countOnlyWhereTheyTravel() throws {
    var guardian = StepGuard(maximumAbstentions: 0)
    var blocks = controls { $0[1].hash = 9 }
    #expect(try guardian.check(blocks, step: 1, tensors: 1).isEmpty)
    for rank in blocks.indices { blocks[rank].flags = [.carriesHash] }
    let error = #expect(throws: TrainingError.self) {
      try guardian.check(blocks, step: 1, tensors: 1)
    }
    #expect(error?.description.contains("rank 1 differ") == true)
  }
}
