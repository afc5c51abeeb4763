import MPIKit
import Objectives
import Training

/// A trial under way.
final class Run {
  /// What is run.
  let trial: Trial
  /// The number of the trial in its experiment.
  let index: Int
  /// What is minimised.
  let objective: any ClosedFormObjective
  private let experiment: Experiment

  /// Prepares a trial.
  ///
  /// Collective over the communicator.
  init(
    _ trial: Trial, index: Int, laboratory: Laboratory, on communicator: borrowing Communicator
  ) throws {
    self.trial = trial
    self.index = index
    objective = try trial.objective()
    var options = trial.options
    options.seed = laboratory.seed &+ UInt64(trial.seed)
    laboratory.alter(&options)
    experiment = try Experiment(
      options, objective: objective, voters: trial.voters, steps: trial.steps,
      world: communicator)
  }

  /// The number of steps made.
  var stepsDone: Int { experiment.stepsDone }

  /// Makes the remaining steps up to a number, with an observer before each.
  func advance(to step: Int? = nil, before observe: (Run) throws -> Void = { _ in }) throws {
    while experiment.stepsDone < step ?? trial.steps {
      try observe(self)
      try experiment.step()
    }
  }

  /// Lends the parameters.
  func withParameters<Result>(_ body: (Span<Float>) throws -> Result) rethrows -> Result {
    try experiment.withParameters(body)
  }

  /// Lends the momentum of a voter hosted here.
  ///
  /// - Precondition: The algorithm votes.
  func withMomentum<Result>(
    of voter: Int = 0, _ body: (Span<Float>) throws -> Result
  ) rethrows -> Result {
    guard let result = try experiment.withMomentum(of: voter, body) else {
      preconditionFailure("\(trial.options.algorithm) has no momentum that votes")
    }
    return result
  }

  /// The parameters now.
  var parameters: [Double] {
    withParameters { parameters in parameters.indices.map { Double(parameters[$0]) } }
  }
}
