import Datasets
import MPIKit
import Objectives
import SignBits
import SignDescent
import Voting

/// What follows from the options, the data and the number of ranks: steps, rates, batches.
struct RunPlan {
  let options: TrainingOptions
  /// The number of ranks.
  let ranks: Int
  /// Steps of an epoch; nil for objectives without samples.
  let stepsPerEpoch: Int?
  /// Steps of the run.
  let totalSteps: Int
  /// The most samples of a rank in a step.
  let batchCapacity: Int
  /// The learning rate γ that the schedule starts from.
  let learningRate: Double
  /// The weight θ of the past; nil where there is no momentum.
  let momentum: Double?
  /// What zeros and ties count as.
  let signRule: SignRule
  /// How ballots become a verdict.
  let route: Route
  /// In which order the fp32 baselines sum.
  let mean: MeanOrder

  /// A plan for a run on so many ranks over so many training samples.
  ///
  /// - Throws: `OptionError` when there are fewer samples than ranks for full batches.
  init(_ options: TrainingOptions, ranks: Int, trainingSamples: Int) throws(OptionError) {
    self.options = options
    self.ranks = ranks
    switch options.batch {
    case .full:
      guard trainingSamples >= ranks else {
        throw OptionError(
          "--batch full needs a sample for each of \(ranks) ranks: found \(trainingSamples)")
      }
      batchCapacity = (trainingSamples + ranks - 1) / ranks
      stepsPerEpoch = 1
    case .perRank(let count):
      batchCapacity = trainingSamples == 0 ? count : min(count, trainingSamples)
      let samplesPerStep = ranks * batchCapacity
      stepsPerEpoch =
        trainingSamples == 0 ? nil : (trainingSamples + samplesPerStep - 1) / samplesPerStep
    }
    switch options.length {
    case .epochs(let epochs): totalSteps = Memory.product(epochs, stepsPerEpoch ?? 1)
    case .steps(let steps): totalSteps = steps
    }
    learningRate = options.learningRate ?? options.algorithm.defaultLearningRate
    momentum =
      options.schedule.definesMomentum
      ? Schedule.paperMomentum(steps: totalSteps)
      : options.momentum ?? options.algorithm.defaultMomentum
    signRule = options.signRule ?? .fair
    route = options.route ?? .allreduce
    mean = options.mean ?? .fixed
  }

  /// The optimizer of the run.
  ///
  /// Collective.
  func makeOptimizer(
    layout: ParameterLayout, world: borrowing Communicator
  ) throws(MPIError) -> any DistributedOptimizer {
    if options.algorithm.votes {
      return try VotedDescent(
        layout: layout, momentum: momentum ?? 0, rule: signRule, route: route,
        weightDecay: options.weightDecay, seed: options.seed, communicator: world)
    }
    return try AveragedDescent(
      layout: layout, momentum: momentum, order: mean, weightDecay: options.weightDecay,
      communicator: world)
  }

  /// The learning rate of a step.
  func learningRate(at step: Int) -> Double {
    options.schedule.rate(at: step, of: totalSteps, base: learningRate)
  }

  /// The epoch that a step belongs to, from 0.
  func epoch(of step: Int) -> Int { step / (stepsPerEpoch ?? max(totalSteps, 1)) }

  /// Whether an evaluation follows a step.
  ///
  /// After the last step there is one in any case.
  func isEvaluationDue(after step: Int) -> Bool {
    let fullBatch = options.batch == .full || stepsPerEpoch == nil
    let interval = options.evaluateEvery ?? (fullBatch ? 0 : stepsPerEpoch ?? 0)
    return interval > 0 && (step + 1) % interval == 0 && step + 1 < totalSteps
  }

  /// Whether the hash of the parameters travels with a step.
  func isReplicaCheckDue(before step: Int) -> Bool {
    options.checkReplicas > 0 && step > 0 && step % options.checkReplicas == 0
  }
}
