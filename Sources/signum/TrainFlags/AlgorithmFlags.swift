import ArgumentParser
import SignDescent
import Training

/// The flags of `signum train` for how gradients become an update.
struct AlgorithmFlags: ParsableArguments {
  @Option(help: "How gradients become an update.")
  var algorithm: Algorithm = .signum

  @Option(
    name: .customLong("lr"), parsing: .unconditional,
    help: """
      Learning rate. (default: 5e-4 where signs vote, 3e-4 for lion, 1e-3 a federated round and for \
      adamw, 0.1 for ef-signsgd, sgd and --schedule paper, 0.05 for sgd-momentum, local-lr x \
      local-steps for sgd over clients)
      """)
  var learningRate: Double?

  @Option(
    help: """
      Learning rates of a network's hidden matrices, all but the first and the last: --lr (none), or \
      --lr times 256 / inputs of a sum (fan-in), so that one --lr suits more widths.
      """)
  var lrScaling = LearningRateScaling.none

  @Option(
    help: """
      Learning rate's course: [warmup:FRACTION+]constant|cosine|step:FACTOR:STEPS, or paper. \
      (default: warmup:0.02+cosine)
      """,
    transform: parseSchedule)
  var schedule: Schedule = .standard

  @Option(
    parsing: .unconditional,
    help: """
      Weight of the past in the momentum, in [0, 1): β2 of lion, β1 of adamw. (default: 0.9; 0.99 \
      for lion, 0 for ef-signsgd)
      """)
  var momentum: Double?

  @Option(
    parsing: .unconditional,
    help: "Weight β1 of the past in the signs of lion, in [0, 1). (default: 0.9)")
  var interpolation: Double?

  @Option(
    parsing: .unconditional,
    help: """
      Stochastic signs, +1 with probability (R+m)/(2R), with the radius R of each tensor: max, \
      rms:K (clamped, biased) or a number; for signum-stochastic, signum-federated, ssvr. \
      (default: max for signum-stochastic, else deterministic signs)
      """,
    transform: { try value($0, "max, rms:K with K > 0, or a positive number") })
  var radius: StochasticRadius?

  @Option(
    parsing: .unconditional,
    help: "Largest Euclidean norm of a rank's gradient, before the momentum. (default: none)")
  var clip: Double?

  @Option(
    parsing: .unconditional,
    help: "Decoupled weight decay on tensors of two or more dimensions.")
  var weightDecay = 0.0

  func apply(to options: inout TrainingOptions) {
    options.algorithm = algorithm
    options.learningRate = learningRate
    options.learningRateScaling = lrScaling
    options.schedule = schedule
    options.momentum = momentum
    options.interpolation = interpolation
    options.radius = radius
    options.clip = clip
    options.weightDecay = weightDecay
  }
}
