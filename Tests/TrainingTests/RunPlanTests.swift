import Datasets
import Objectives
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

  /// As where the checkpoint is of other data or of another batch.
  @Test func positionInAnEpochOfMoreSamples_isRefused() throws {
    var position = RunPosition()
    position.place = EpochCourse.Place(step: 3, epoch: 0, entry: 192)
    var options = TrainingOptions()
    _ = try RunPlan(options, ranks: 1, trainingSamples: 193, position: position)
    #expect(throws: OptionError.self) {
      try RunPlan(options, ranks: 1, trainingSamples: 192, position: position)
    }
    options.batch = .full
    #expect(throws: OptionError.self) {
      try RunPlan(options, ranks: 1, trainingSamples: 193, position: position)
    }
  }

  @Test func epochsOfTooManySteps_areRefused() throws {
    #expect(throws: OptionError.self) { try plan { $0.length = .epochs(.max) } }
    #expect(throws: OptionError.self) { try plan { $0.length = .epochs(1 << 39) } }
    #expect(try plan { $0.length = .epochs(1 << 37) }.totalSteps == 1 << 39)
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

  @Test func paperSchedule_isSteeperForTheExtrapolatedMethod() throws {
    let plan = try plan {
      $0.algorithm = .signumExtrapolated
      $0.schedule = Schedule(.paper)
      $0.length = .steps(1 << 14)
      $0.learningRate = 1
    }
    #expect(abs(try #require(plan.momentum) - (1 - 0x1p-8)) < 1e-12)
    #expect(abs(plan.learningRate(at: 9) - 0x1p-10) < 1e-15)
  }

  @Test func epochsOfClients_countTheirLocalBatches() throws {
    let plan = try plan(samples: 60_000) {
      $0.algorithm = .signumFederated
      $0.localSteps = 5
      $0.clients = 100
      $0.participation = 0.1
    }
    #expect(plan.stepsPerEpoch == 19 && plan.partition == .iid)
    #expect(plan.cohort?.attendance == 10)
  }

  @Test func federatedAveraging_takesLocalStepsAsTheyAre() throws {
    let plan = try plan {
      $0.algorithm = .sgd
      $0.localSteps = 4
      $0.localLearningRate = 0.125
    }
    #expect(plan.learningRate == 0.5 && plan.cohort?.clients == 100)
    #expect(try self.plan { $0.algorithm = .sgd }.cohort == nil)
  }

  @Test func pointAhead_isRebuiltWhereTheVerdictTellsIt() throws {
    let free = try ClosedForm.skewedQuadratic(dimension: 3).makeObjective()
    let bounded = try ClosedForm.linearTrap.makeObjective()
    func form(
      _ objective: any Objective, _ change: (inout TrainingOptions) -> Void
    ) throws -> LookAheadPoint.Form? {
      try plan {
        $0.algorithm = .signumExtrapolated
        change(&$0)
      }.lookAheadForm(for: objective)
    }
    #expect(try form(free) { $0.schedule = Schedule(.constant) } == .rebuilt)
    #expect(try form(free) { $0.schedule = Schedule(.paper) } == .rebuilt)
    #expect(try form(free) { $0.schedule = Schedule(.constant, warmup: 0.1) } == .stored)
    #expect(try form(free) { $0.schedule = Schedule(.cosine) } == .stored)
    #expect(try form(bounded) { $0.schedule = Schedule(.constant) } == .stored)
    #expect(
      try form(free) {
        $0.schedule = Schedule(.constant)
        $0.weightDecay = 0.1
      } == .stored)
    #expect(
      try form(free) {
        $0.schedule = Schedule(.constant)
        $0.learningRateScaling = .fanIn
      } == .stored)
    #expect(try form(free) { $0.algorithm = .signum } == nil)
  }

  @Test(arguments: [
    (12, 0, 1, true), (1 << 62, 0, 1, false), (1 << 62, 1 << 62, 1, false),
    (1 << 30, 0, 1 << 20, false),
  ])
  func memory_isCheckedWithoutOverflow(
    parameters: Int, bytesBeside: Int, localRanks: Int, fits: Bool
  ) {
    let check = {
      try Memory(bytesPerParameter: 12, localRanks: localRanks).check(
        parameters: parameters, bytesBeside: bytesBeside)
    }
    if fits {
      #expect(throws: Never.self) { try check() }
    } else {
      #expect(throws: OptionError.self) { try check() }
    }
  }
}
