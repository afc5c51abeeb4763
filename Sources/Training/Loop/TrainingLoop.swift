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
  private var stepGuard: StepGuard
  /// How long the previous step took; travels with the next ballot.
  private var times = StepTimes()

  /// Prepares the first step.
  ///
  /// Collective.
  init(
    plan: RunPlan, workload: Workload, reporter: Reporter?, fault: FaultInjection?,
    world: borrowing Communicator
  ) throws {
    self.plan = plan
    self.workload = workload
    self.reporter = reporter
    self.fault = fault
    let timeout = plan.options.collectiveTimeout
    let watchdog = Watchdog(limitSeconds: 2 * timeout, rank: world.rank)
    self.watchdog = watchdog
    // A wait has its own limit, so it counts as a sign of life.
    patience = Patience(limitSeconds: timeout) { watchdog.touch() }
    evaluator = try Evaluator(workload: workload, patience: patience, world: world)
    let electorate = plan.electorate(rank: world.rank)
    optimizer = try plan.makeOptimizer(
      for: workload.objective, electorate: electorate, patience: patience, world: world)
    if let notice = optimizer.notice { try reporter?.record(fallback: notice) }
    source = GradientSource(
      plan: plan, electorate: electorate, workload: workload, fault: fault)
    state = ModelState(layout: workload.objective.layout)
    state.parameters.withMutableSpan {
      workload.objective.initialize($0, seed: plan.options.seed)
    }
    stepGuard = StepGuard(maximumAbstentions: plan.options.maximumAbstentions)
  }

  /// Runs all steps, and evaluates in between and at the end.
  func run() throws -> RunOutcome {
    let start = Clock.seconds
    var evaluationSeconds = 0.0
    for step in 0..<plan.totalSteps {
      try take(step: step)
      if plan.isEvaluationDue(after: step) {
        evaluationSeconds += try evaluate(on: workload.interimSplit, after: step + 1).seconds
      }
    }
    let trainingSeconds = Clock.seconds - start - evaluationSeconds
    if workload.interimSplit != workload.finalSplit {
      _ = try evaluate(on: workload.interimSplit, after: plan.totalSteps)
    }
    let last = try evaluate(on: workload.finalSplit, after: plan.totalSteps)
    return RunOutcome(
      trainingSeconds: trainingSeconds, evaluation: last, weightHash: hash, state: state)
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
    source.begin(step: step)
    try optimizer.begin(state, from: source, learningRate: rate, control: &control)
    let packEnd = Clock.seconds
    try optimizer.wait(patience)
    let waitEnd = Clock.seconds
    let abstaining = try stepGuard.check(
      optimizer.controls, step: step, tensors: state.layout.tensors.count)
    optimizer.apply(to: state, learningRate: rate)
    state.parameters.withMutableSpan { workload.objective.project($0) }
    state.parameters.withMutableSpan { fault?.corrupt(parameters: $0, atStep: step) }
    let end = Clock.seconds
    times.gradient = Float(source.seconds)
    times.pack = Float(packEnd - start - source.seconds)
    times.voteWait = Float(waitEnd - packEnd)
    times.apply = Float(end - waitEnd)
    times.step = Float(end - start)
    try reporter?.record(
      step: step, controls: optimizer.controls, traffic: optimizer.traffic, learningRate: rate,
      abstaining: abstaining)
  }

  private func evaluate(on split: Evaluation.Split, after steps: Int) throws -> Evaluation {
    watchdog.touch()
    let evaluation = try state.parameters.withSpan { try evaluator.evaluate($0, on: split) }
    try reporter?.record(evaluation, steps: steps)
    return evaluation
  }
}

/// What a run ends with.
struct RunOutcome {
  /// Seconds of all steps, evaluations left out.
  let trainingSeconds: Double
  /// The last evaluation.
  let evaluation: Evaluation
  /// XXH3 of the final parameters.
  let weightHash: WeightHash
  /// The final parameters.
  let state: ModelState
}
