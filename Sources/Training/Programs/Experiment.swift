import AlignedBuffers
package import MPIKit
package import Objectives
import Voting

/// A run of an algorithm on an objective in closed form, step by step.
///
/// The parts are those of `signum train`, without files, logs and evaluations. Voters may be more
/// than ranks: each rank hosts some of them. The course does not depend on the number of ranks.
package final class Experiment {
  /// The steps taken.
  package private(set) var stepsDone = 0
  private let plan: RunPlan
  private let objective: any Objective
  private let electorate: Electorate
  private let optimizer: any DistributedOptimizer
  private let source: GradientSource
  private let state: ModelState
  private let patience = Patience(limitSeconds: 120)

  /// A run before its first step.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - options: Algorithm, rates, rule, adversaries, seed and batch count; the rest does not.
  ///     Not validated: an experiment may break a method on purpose.
  ///   - objective: What is minimised; noise is drawn for (seed, voter, step).
  ///   - voters: The number of voters, divided over the ranks.
  ///   - steps: The steps that the schedule counts on.
  ///   - world: The ranks that host the voters.
  package init(
    _ options: TrainingOptions, objective: any Objective, voters: Int, steps: Int,
    world: borrowing Communicator
  ) throws {
    var options = options
    options.length = .steps(steps)
    self.objective = objective
    plan = try RunPlan(options, ranks: world.size, trainingSamples: 0)
    electorate =
      voters == 1 && world.size == 1
      ? Electorate(ranks: 1, rank: 0)
      : Electorate(
        clients: voters, attendance: voters, seed: options.seed, ranks: world.size,
        rank: world.rank)
    optimizer = try plan.makeOptimizer(
      for: objective, electorate: electorate, patience: patience, world: world)
    source = try GradientSource(
      plan: plan, electorate: electorate, workload: Workload(objective: objective),
      fault: FaultInjection(rank: world.rank))
    state = ModelState(layout: objective.layout)
    state.parameters.withMutableSpan { objective.initialize($0, seed: options.seed) }
  }

  /// One step: the gradients of the voters hosted here, vote, update, projection.
  ///
  /// Collective.
  package func step() throws {
    var control = ControlBlock()
    control.step = stepsDone
    source.begin(step: stepsDone)
    let rate = plan.learningRate(at: stepsDone)
    try optimizer.begin(state, from: source, learningRate: rate, control: &control)
    try optimizer.wait(patience)
    optimizer.apply(to: state, learningRate: rate)
    state.parameters.withMutableSpan { objective.project($0) }
    stepsDone += 1
  }

  /// Lends the parameters.
  package func withParameters<Result>(
    _ body: (Span<Float>) throws -> Result
  ) rethrows -> Result {
    try state.parameters.withSpan(body)
  }

  /// Lends the momentum of a voter that this rank hosts; nil for algorithms that do not vote.
  package func withMomentum<Result>(
    of voter: Int, _ body: (Span<Float>) throws -> Result
  ) rethrows -> Result? {
    guard let voted = optimizer as? VotedDescent else { return nil }
    return try voted.momentum(of: voter, body)
  }

  /// The voters that this rank hosts.
  package var hostedVoters: Range<Int> { electorate.hosted }
}
