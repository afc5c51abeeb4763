import SignDescent
import Testing

@testable import Training

@Suite("Steps, rates and batches of a run")
struct RunPlanTests {
  private func plan(
    ranks: Int = 4, samples: Int = 1_000, _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> RunPlan {
    var options = TrainingOptions()
    change(&options)
    return try RunPlan(options, ranks: ranks, trainingSamples: samples)
  }

  @Test func epochs_areStepsRoundedUp() throws {
    #expect(try plan().stepsPerEpoch == 4)
    #expect(try plan().totalSteps == 20)
    #expect(try plan(ranks: 1).stepsPerEpoch == 16)
    #expect(try plan { $0.length = .steps(7) }.totalSteps == 7)
    #expect(try plan { $0.length = .epochs(0) }.totalSteps == 0)
  }

  @Test func fullBatch_takesEverySampleEachStep() throws {
    let full = try plan(ranks: 3, samples: 10) { $0.batch = .full }
    #expect(full.stepsPerEpoch == 1 && full.batchCapacity == 4 && full.totalSteps == 5)
    #expect(throws: OptionError.self) { try plan(ranks: 3, samples: 2) { $0.batch = .full } }
  }

  @Test func batch_isNeverMoreThanTheSamples() throws {
    #expect(try plan(samples: 10) { $0.batch = .perRank(64) }.batchCapacity == 10)
  }

  @Test func evaluations_areAfterEpochsButTheLast() throws {
    let plan = try plan()
    #expect((0..<20).filter(plan.isEvaluationDue(after:)) == [3, 7, 11, 15])
    let rare = try self.plan { $0.evaluateEvery = 6 }
    #expect((0..<20).filter(rare.isEvaluationDue(after:)) == [5, 11, 17])
    let never = try self.plan { $0.evaluateEvery = 0 }
    #expect(!(0..<20).contains(where: never.isEvaluationDue(after:)))
  }

  @Test func replicaChecks_areOnTheirInterval() throws {
    let plan = try plan { $0.checkReplicas = 5 }
    #expect((0..<20).filter(plan.isReplicaCheckDue(before:)) == [5, 10, 15])
    let never = try self.plan { $0.checkReplicas = 0 }
    #expect(!(0..<20).contains(where: never.isReplicaCheckDue(before:)))
  }

  @Test func paperSchedule_definesRateAndMomentum() throws {
    let plan = try plan {
      $0.schedule = Schedule(.paper)
      $0.length = .steps(10_000)
      $0.learningRate = 1
    }
    #expect(abs(try #require(plan.momentum) - 0.99) < 1e-12)
    #expect(abs(plan.learningRate(at: 5_000) - 1e-3) < 1e-15)
  }

  @Test(arguments: [
    (12, 0, 1, true), (1 << 62, 0, 1, false), (1 << 62, 1 << 62, 1, false),
    (1 << 30, 0, 1 << 20, false),
  ])
  func memory_isCheckedWithoutOverflow(
    parameters: Int, activations: Int, localRanks: Int, fits: Bool
  ) {
    let check = {
      try Memory.check(
        parameters: parameters, activations: activations, localRanks: localRanks)
    }
    if fits {
      #expect(throws: Never.self) { try check() }
    } else {
      #expect(throws: OptionError.self) { try check() }
    }
  }
}
