import Datasets
import SignBits
import SignDescent
import Voting

/// What follows from the options, the data and the number of ranks: steps, rates, batches.
struct RunPlan {
  let options: TrainingOptions
  /// The number of ranks.
  let ranks: Int
  /// The clients of the run; nil where the ranks vote or average themselves.
  let cohort: Cohort?
  /// Which voter holds which samples.
  let partition: ClientPartition
  /// Where the run begins or goes on.
  let position: RunPosition
  /// Which samples each step takes; nil for objectives without samples.
  let course: EpochCourse?
  /// Steps of the run, those before the position included.
  let totalSteps: Int
  /// Steps of the learning rate's course: those of the run unless the number of ranks changed.
  let scheduleSteps: Int
  /// The most samples of a voter in a step, those of all parts of `--accumulate`.
  let batchCapacity: Int
  /// The learning rate γ that the schedule starts from.
  let learningRate: Double
  /// The weight θ of the past; nil where there is no momentum.
  let momentum: Double?
  /// The weight β1 of the past in the signs of Lion.
  let interpolation: Double
  /// The radius of stochastic signs; nil where signs are deterministic.
  let radius: StochasticRadius?
  /// What zeros and ties count as.
  let signRule: SignRule
  /// How ballots become a verdict, and why so.
  private(set) var route: Route
  private(set) var routeReason: String
  /// Whether the route is the winner of a trial.
  private(set) var isRouteTried = false
  /// Whether messages of the vote are coded.
  private(set) var coding: Coding
  /// In which order the fp32 baselines sum.
  let mean: MeanOrder
  /// What adversaries send.
  let attack: Attack

  /// A plan for a run on so many ranks over so many training samples.
  ///
  /// - Parameters:
  ///   - largestPart: The most samples that one voter holds, where each has its own.
  ///   - position: Where the run goes on.
  /// - Throws: `OptionError` when there are fewer samples than voters for full batches, or than the
  ///   position takes for granted, or too many steps.
  init(
    _ options: TrainingOptions, ranks: Int, trainingSamples: Int, largestPart: Int? = nil,
    position: RunPosition = RunPosition()
  ) throws(OptionError) {
    self.options = options
    self.position = position
    self.ranks = ranks
    cohort = options.cohort
    partition = options.partition ?? (cohort == nil ? .shared : .iid)
    let voters = cohort?.clients ?? ranks
    switch options.batch {
    case .full:
      guard trainingSamples >= voters else {
        throw OptionError(
          "--batch full needs a sample for each of \(voters) voters: found \(trainingSamples)")
      }
      batchCapacity = largestPart ?? (trainingSamples + voters - 1) / voters
      course = try Self.course(samples: 1, samplesPerStep: 1, from: position)
    case .perRank(let part):
      let count = Memory.product(part, options.accumulate)
      batchCapacity = trainingSamples == 0 ? count : min(count, trainingSamples)
      let batches = cohort.map { Memory.product($0.attendance, $0.localSteps) } ?? ranks
      let samplesPerStep = Memory.product(batches, batchCapacity)
      course =
        trainingSamples == 0
        ? nil
        : try Self.course(
          samples: trainingSamples, samplesPerStep: samplesPerStep, from: position)
    }
    switch options.length {
    case .epochs(let epochs): totalSteps = course?.steps(toEndOfEpochs: epochs) ?? epochs
    case .steps(let steps): totalSteps = steps
    }
    guard totalSteps < TrainingOptions.stepLimit else {
      throw OptionError("--epochs: the run must have fewer than 2^40 steps: give fewer epochs")
    }
    scheduleSteps = position.scheduleSteps ?? totalSteps
    learningRate = options.learningRate ?? Self.defaultLearningRate(options, cohort)
    momentum =
      options.schedule.definesMomentum
      ? Schedule.paperMomentum(steps: scheduleSteps, smoothness: options.smoothness)
      : options.momentum ?? options.algorithm.defaultMomentum
    interpolation = options.interpolation ?? 0.9
    radius = options.radius ?? (options.algorithm == .signumStochastic ? .maximum : nil)
    signRule = options.signRule ?? .fair
    route = options.route ?? .exchange
    routeReason = options.route == nil ? "the default" : "asked for"
    coding = options.coding ?? .none
    mean = options.mean ?? .fixed
    attack = options.attack ?? .invert
  }

  private static func course(
    samples: Int, samplesPerStep: Int, from position: RunPosition
  ) throws(OptionError) -> EpochCourse {
    guard position.place.entry < samples else {
      throw OptionError(
        "the checkpoint was written \(position.place.entry) samples into an epoch, and now an epoch "
          + "has \(samples): go on with the --data, --batch and --validation of its run, or start "
          + "anew with another --checkpoint")
    }
    return EpochCourse(samples: samples, samplesPerStep: samplesPerStep, start: position.place)
  }

  /// Where nothing is said: of `paper`, which multiplies it by a power of the number of steps, a
  /// hundredth to a tenth of a unit in all; of federated averaging the local steps as they are.
  private static func defaultLearningRate(_ options: TrainingOptions, _ cohort: Cohort?) -> Double {
    if options.schedule.definesMomentum { return 0.1 }
    if options.algorithm == .sgd, let cohort {
      return cohort.localLearningRate * Double(cohort.localSteps)
    }
    return options.algorithm.defaultLearningRate
  }

  /// Takes the route and the coding that won a trial.
  mutating func take(_ trial: RouteTrial) {
    route = trial.winner.route
    coding = trial.winner.coding
    routeReason = trial.reason
    isRouteTried = true
  }

  /// The learning rate of a step.
  func learningRate(at step: Int) -> Double {
    options.schedule.rate(
      at: scheduleStep(of: step), of: scheduleSteps, base: learningRate,
      smoothness: options.smoothness)
  }

  /// Steps of an epoch; nil for objectives without samples.
  var stepsPerEpoch: Int? { course?.stepsPerEpoch }

  /// The epoch that a step belongs to, from 0.
  func epoch(of step: Int) -> Int { course?.entries(of: step).epoch ?? 0 }

  /// The epoch of the last of so many steps, which may be those of the checkpoint.
  func epoch(after steps: Int) -> Int {
    guard let place = course?.place(before: steps) else { return 0 }
    return place.entry == 0 ? max(place.epoch - 1, 0) : place.epoch
  }

  /// Whether an evaluation follows a step.
  ///
  /// After the last step there is one in any case.
  func isEvaluationDue(after step: Int) -> Bool {
    guard step + 1 < totalSteps else { return false }
    if let interval = options.evaluateEvery { return interval > 0 && (step + 1) % interval == 0 }
    guard options.batch != .full, let course else { return false }
    return course.place(before: step + 1).entry == 0
  }

  /// Whether the run may end with an evaluation.
  func isEnough(_ evaluation: Evaluation) -> Bool {
    guard let target = options.stopAt, let accuracy = evaluation.accuracy else { return false }
    return accuracy >= target.accuracy
  }

  /// Whether the hash of the parameters travels with a step.
  func isReplicaCheckDue(before step: Int) -> Bool {
    options.checkReplicas > 0 && step > 0 && step % options.checkReplicas == 0
  }
}

extension TrainingOptions {
  /// How smooth the objective has to be for the rates of `--schedule paper`.
  fileprivate var smoothness: Schedule.Smoothness {
    algorithm == .signumExtrapolated ? .hessian : .gradient
  }
}
