import AlignedBuffers
import Checkpoints
import MPIKit
import Objectives
import RunLog
import Voting

/// The steps of a run on one rank.
///
/// All ranks run the same steps in the same order. After the first step of each shape nothing is
/// allocated per step. MPI is only waited for with a time limit.
final class TrainingLoop {
  private let plan: RunPlan
  private let workload: Workload
  private let optimizer: any DistributedOptimizer
  private let evaluator: Evaluator
  private let reporter: Reporter?
  private let fault: FaultInjection?
  private let source: GradientSource
  private let watchdog: Watchdog
  private let patience: Patience
  private let state: ModelState
  private let checkpointer: Checkpointer?
  private var stepGuard: StepGuard
  /// How long the previous step took; travels with the next ballot.
  private var times = StepTimes()
  private var stepsDone: Int
  private var latest: Evaluation?

  /// Prepares the first step, or the one after the checkpoint that the run goes on from.
  ///
  /// Collective.
  ///
  /// - Parameter state: The parameters that the run starts from.
  init(
    plan: RunPlan, workload: Workload, reporter: Reporter?, fault: FaultInjection?,
    checkpoints: Checkpointing? = nil, state: ModelState, world: borrowing Communicator
  ) throws {
    self.plan = plan
    stepsDone = plan.position.step
    self.workload = workload
    self.reporter = reporter
    self.fault = fault
    let timeout = plan.options.collectiveTimeout
    let watchdog = Watchdog(limitSeconds: 2 * timeout, rank: world.rank)
    self.watchdog = watchdog
    // A wait has its own limit, so it counts as a sign of life.
    let patience = Patience(limitSeconds: timeout) { watchdog.touch() }
    self.patience = patience
    let statistics = try workload.objective.statistics.map {
      try StatisticsMean($0, patience: patience, world: world)
    }
    evaluator = try Evaluator(
      workload: workload, statistics: statistics, patience: patience, world: world)
    let electorate = plan.electorate(rank: world.rank)
    optimizer = try plan.makeOptimizer(
      for: workload.objective, electorate: electorate, patience: patience, world: world)
    if let notice = optimizer.notice { reporter?.record(fallback: notice) }
    source = GradientSource(
      plan: plan, electorate: electorate, workload: workload, fault: fault,
      whileWorking: patience.whileWaiting)
    self.state = state
    let content = CheckpointContent(
      state: state, optimizer: optimizer, source: source, statistics: statistics,
      modelMetadata: ModelFile.metadata(of: workload, options: plan.options), rank: world.rank,
      ranks: world.size)
    try checkpoints?.restore(into: content)
    checkpointer = try checkpoints.map {
      try Checkpointer(
        $0.setting, plan: plan, content: content, reporter: reporter, patience: patience,
        fault: $0.fault, world: world)
    }
    stepGuard = StepGuard(maximumAbstentions: plan.options.maximumAbstentions)
  }

  /// Runs all steps, and evaluates in between and at the end.
  ///
  /// - Returns: How the run ended, or that it stopped because a rank was asked to.
  /// - Throws: `TrainingError.rankDied` where MPI says so.
  func run() throws -> RunOutcome {
    do {
      return try takeAllSteps()
    } catch let error as MPIError where error.isProcessFailure {
      checkpointer?.rest()
      throw TrainingError.rankDied(steps: stepsDone)
    }
  }

  private func takeAllSteps() throws -> RunOutcome {
    let start = Clock.seconds
    var evaluationSeconds = 0.0
    // A run that ended at the accuracy asked for ends there again.
    var isReached = false
    if plan.options.stopAt != nil, stepsDone > 0, plan.isEvaluationDue(after: stepsDone - 1) {
      let evaluation = try evaluate(on: workload.interimSplit, after: stepsDone)
      evaluationSeconds += evaluation.seconds
      isReached = plan.isEnough(evaluation)
    }
    while stepsDone < plan.totalSteps, !isReached {
      let step = stepsDone
      do {
        try take(step: step)
      } catch let error as TrainingError {
        try saveMajority(error)
        throw error
      }
      stepsDone += 1
      if try checkpointer?.advance(after: stepsDone, optimizer.controls) ?? false {
        return try stop(after: stepsDone, seconds: Clock.seconds - start - evaluationSeconds)
      }
      if plan.isEvaluationDue(after: step) {
        let evaluation = try evaluate(on: workload.interimSplit, after: stepsDone)
        evaluationSeconds += evaluation.seconds
        isReached = plan.isEnough(evaluation)
      }
    }
    recordRest()
    let isSaved = try checkpointer?.complete(stepsDone) ?? true
    let trainingSeconds = Clock.seconds - start - evaluationSeconds
    return RunOutcome(
      steps: stepsDone, trainingSeconds: trainingSeconds,
      evaluation: try evaluateLast(after: stepsDone, isReached: isReached), weightHash: hash,
      state: state, ending: isReached ? .reached : .completed, isSaved: isSaved)
  }

  private func recordRest() {
    reporter?.recordRest(
      step: stepsDone - 1, controls: optimizer.controls, traffic: optimizer.traffic,
      learningRate: plan.learningRate(at: max(stepsDone - 1, 0)))
  }

  /// The evaluation at the end; held-out samples were evaluated where the run ends early.
  private func evaluateLast(after steps: Int, isReached: Bool) throws -> Evaluation {
    if isReached, workload.interimSplit == workload.finalSplit, let latest { return latest }
    if workload.interimSplit != workload.finalSplit, !isReached {
      _ = try evaluate(on: workload.interimSplit, after: steps)
    }
    return try evaluate(on: workload.finalSplit, after: steps)
  }

  /// Ends the run early, with a checkpoint.
  private func stop(after steps: Int, seconds: Double) throws -> RunOutcome {
    watchdog.touch()
    recordRest()
    let ranks = optimizer.controls.indices.filter {
      optimizer.controls[$0].flags.contains(.stopAsked)
    }
    reporter?.recordSignal(StopSignal.name, step: steps, ranks: ranks)
    let isSaved = try checkpointer?.complete(steps) ?? false
    // Where the run goes on it is behind this.
    if plan.isEvaluationDue(after: steps - 1) {
      _ = try evaluate(on: workload.interimSplit, after: steps)
    }
    return RunOutcome(
      steps: steps, trainingSeconds: seconds, evaluation: nil, weightHash: hash, state: state,
      ending: .stopped, isSaved: isSaved)
  }

  /// Where the replicas differ, takes the step that all ranks agree on and saves what the majority
  /// has.
  private func saveMajority(_ error: TrainingError) throws {
    guard case .replicasDiffer(let step, let ranks) = error, let checkpointer else { return }
    apply(step: step, learningRate: plan.learningRate(at: step))
    let keeper = optimizer.controls.indices.first { !ranks.contains($0) } ?? 0
    if try checkpointer.complete(step + 1, keeper: keeper) {
      reporter?.warn(
        "step \(step + 1): the checkpoint has the parameters of rank \(keeper), which most ranks "
          + "share", step: step + 1, ranks: [keeper])
    }
  }

  private var hash: WeightHash { state.parameters.withSpan(WeightHash.init(of:)) }

  /// One step: gradient, vote, update.
  private func take(step: Int) throws {
    let start = Clock.seconds
    watchdog.touch()
    try fault?.strike(atStep: step)
    var control = ControlBlock()
    control.step = step
    control.times = times
    let rate = plan.learningRate(at: step)
    if plan.isReplicaCheckDue(before: step) {
      control.hash = hash.value
      control.flags.insert(.carriesHash)
    }
    checkpointer?.mark(&control)
    source.begin(step: step)
    try optimizer.begin(state, from: source, learningRate: rate, control: &control)
    fault?.strike(atStep: step, after: .killPacked)
    let packEnd = Clock.seconds
    try optimizer.wait(patience)
    let waitEnd = Clock.seconds
    let abstaining = try stepGuard.check(
      optimizer.controls, step: step, tensors: state.layout.tensors.count)
    apply(step: step, learningRate: rate)
    let end = Clock.seconds
    times.gradient = Float(source.seconds)
    times.pack = Float(packEnd - start - source.seconds)
    times.voteWait = Float(waitEnd - packEnd)
    times.apply = Float(end - waitEnd)
    times.step = Float(end - start)
    reporter?.record(
      step: step, controls: optimizer.controls, traffic: optimizer.traffic, learningRate: rate,
      abstaining: abstaining)
  }

  private func apply(step: Int, learningRate: Double) {
    optimizer.apply(to: state, learningRate: learningRate)
    fault?.strike(atStep: step, after: .killApplied)
    state.parameters.withMutableSpan { workload.objective.project($0) }
    state.parameters.withMutableSpan { fault?.corrupt(parameters: $0, atStep: step) }
  }

  private func evaluate(on split: Evaluation.Split, after steps: Int) throws -> Evaluation {
    watchdog.touch()
    let evaluation = try state.parameters.withSpan { try evaluator.evaluate($0, on: split) }
    reporter?.record(evaluation, steps: steps)
    latest = evaluation
    return evaluation
  }
}

/// What a run ends with.
struct RunOutcome {
  /// Why it ended.
  enum Ending: String {
    /// All steps are done.
    case completed
    /// An evaluation was as good as `--stop-at` asks for.
    case reached
    /// A signal asked for the end.
    case stopped
  }

  /// The steps done.
  let steps: Int
  /// Seconds of the steps of this job, evaluations left out.
  let trainingSeconds: Double
  /// The last evaluation; nil where the run was stopped.
  let evaluation: Evaluation?
  /// XXH3 of the final parameters.
  let weightHash: WeightHash
  /// The final parameters.
  let state: ModelState
  /// Why it ended.
  let ending: Ending
  /// Whether the last checkpoint is complete, where the run writes any.
  let isSaved: Bool

  /// The exit code: 0 for a run that is done, 85 for one that goes on later.
  var exitCode: Int32 { isSaved ? ending == .stopped ? 85 : 0 : 1 }
}
