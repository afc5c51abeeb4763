import MPIKit
import SignDescent
import Training

/// Where experiments run: ranks, seeds, and the length of the runs.
///
/// The result of an experiment is a function of the seed, the same on every rank and
/// for every number of ranks.
final class Laboratory {
  /// All ranks.
  let world: Communicator
  /// This rank alone.
  let alone: Communicator
  /// The seed that those of the runs are counted from.
  let seed: UInt64
  /// Whether claims are cut to what shows in seconds, with wider tolerances: for tests.
  let isBrief: Bool
  /// Changes the options of each run; the identity, except where a test breaks an algorithm.
  let alter: (inout TrainingOptions) -> Void
  /// Takes lines about the progress of long work.
  private let report: (String) -> Void
  private var lastReport = ContinuousClock.now

  /// A laboratory on the ranks of a communicator.
  ///
  /// Collective: duplicates the communicator.
  init(
    _ world: borrowing Communicator, seed: UInt64 = 1, isBrief: Bool = false,
    alter: @escaping (inout TrainingOptions) -> Void = { _ in },
    report: @escaping (String) -> Void = { _ in }
  ) throws(MPIError) {
    self.world = try world.duplicate()
    alone = try world.selfCommunicator()
    self.seed = seed
    self.isBrief = isBrief
    self.alter = alter
    self.report = report
  }

  /// Reports from rank 0, at most every five seconds.
  func progress(_ line: @autoclosure () -> String) {
    let now = ContinuousClock.now
    guard world.rank == 0, now - lastReport > .seconds(5) else { return }
    lastReport = now
    report(line())
  }

  /// What a full run takes, or what a brief one does.
  func choose<Value>(_ full: Value, brief: Value) -> Value { isBrief ? brief : full }
}

extension TrainingOptions {
  /// A run at a constant learning rate: signSGD without momentum, signum with it.
  ///
  /// - Parameters:
  ///   - momentum: θ.
  ///   - learningRate: γ.
  static func signs(momentum: Double = 0, learningRate: Double) -> TrainingOptions {
    var options = TrainingOptions()
    options.algorithm = momentum == 0 ? .signsgd : .signum
    options.momentum = momentum == 0 ? nil : momentum
    options.learningRate = learningRate
    options.schedule = Schedule(.constant)
    options.batch = .perRank(1)
    return options
  }

  /// The same run with something changed.
  func with(_ change: (inout TrainingOptions) -> Void) -> TrainingOptions {
    var options = self
    change(&options)
    return options
  }
}
