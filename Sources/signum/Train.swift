import ArgumentParser
import Datasets
import Foundation
import Networks
import Objectives
import SignBits
import SignDescent
import Training
import Voting

/// `signum train`.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model by majority vote, or by an fp32 baseline, on all ranks of mpirun.",
    discussion: """
      Start it under a launcher: 'mpirun -np 4 signum train', or 'srun --mpi=pmix signum train'. \
      Every flag is also a key of the YAML file that --config names; flags win.
      """)

  @Option(help: "How gradients become an update.")
  var algorithm: Algorithm = .signum

  @Option(
    help: "What is trained: \(ModelChoice.forms). (default: mlp)", transform: parseModel)
  var model: ModelChoice = .mlp

  @Option(
    help: "Widths of the MLP's hidden layers. (default: 256,256)", transform: parseWidths)
  var hidden: [Int]?

  @OptionGroup
  var gpt: GPTFlags

  @Option(
    help: """
      Samples: fashion-mnist, idx:DIR (four IDX files, plain or .gz), cifar-10:DIR, cifar-100:DIR \
      (the binary version), libsvm:FILE (test set in FILE.t); bible or text:FILE for a GPT. \
      (default: fashion-mnist; bible for a GPT)
      """)
  var data: String?

  @Option(
    help: """
      Samples per rank and step, or 'full': rank r takes all of the r-th of N parts. (default: 64)
      """,
    transform: { try value($0, "a positive number or full") })
  var batch: BatchSize = .perRank(64)

  @Option(
    parsing: .unconditional,
    help: """
      Batches of a rank in a step, one after the other; it votes with their mean gradient, as with a \
      larger batch that does not fit in memory.
      """)
  var accumulate = 1

  @Option(parsing: .unconditional, help: "Passes over the training set. (default: 5)")
  var epochs: Int?

  @Option(
    parsing: .unconditional,
    help: "Steps, instead of --epochs; 0 leaves the initial weights.")
  var steps: Int?

  @Option(
    help: """
      End after the first evaluation that reaches it, as in accuracy:0.9. (default: all steps)
      """,
    transform: { try value($0, "accuracy:A with A in (0, 1]") })
  var stopAt: StopTarget?

  @Option(
    help: """
      Changes of training images: crop:C moves them by up to C pixels each way, flip mirrors half of \
      them; crop:4,flip does both. (default: none)
      """,
    transform: { try value($0, "crop:C, flip or crop:C,flip") })
  var augment: Augmentation?

  @Option(help: "Parameters to start from, as --save writes them. (default: drawn from the seed)")
  var startFrom: String?

  @Option(
    parsing: .unconditional,
    help: "Share of a label that is spread over all classes, in training, in [0, 1).")
  var labelSmoothing = 0.0

  @Option(
    name: .customLong("dtype"),
    help: """
      What products in gradients are formed of; bf16 needs a processor with AVX512-BF16. Weights, \
      momentum and evaluation are float32.
      """)
  var computeType = ComputeType.float32

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

  @Option(
    parsing: .unconditional,
    help: "Clients, hosted by the ranks, for signum-federated and sgd. (default: 100)")
  var clients: Int?

  @Option(
    parsing: .unconditional,
    help: "Share of the clients in a round, in (0, 1]. (default: 0.1)")
  var participation: Double?

  @Option(parsing: .unconditional, help: "Gradients of a client in a round. (default: 5)")
  var localSteps: Int?

  @Option(
    name: .customLong("local-lr"), parsing: .unconditional,
    help: "Learning rate of a client's local steps. (default: 0.05)")
  var localLearningRate: Double?

  @Option(
    help: """
      Which samples a rank or client draws from: shared, iid, dirichlet:ALPHA, shards:K. \
      (default: shared; iid with clients)
      """,
    transform: { try value($0, "shared, iid, dirichlet:ALPHA with ALPHA > 0, or shards:K") })
  var partition: ClientPartition?

  @Option(
    parsing: .unconditional,
    help: "Share of ranks or clients that attack instead of voting, in [0, 1).")
  var adversaries = 0.0

  @Option(help: "What adversaries send. (default: invert)")
  var attack: Attack?

  @Option(help: "What zeros and ties count as. (default: fair)")
  var signRule: SignRule?

  @Option(
    name: .customLong("vote"),
    help: """
      How ballots, or scaled signs, become a verdict: the same bits by all; auto takes the fastest \
      in a trial of about a second. (default: auto; exchange for ef-signsgd)
      """)
  var vote = Choice<Route>()

  @Option(
    help: """
      Messages of the routes exchange and gather as they are, or as what changed since the last \
      step, entropy coded: fewer bytes, the same bits; auto takes the faster in the same trial. \
      (default: auto)
      """)
  var coding = Choice<Coding>()

  @Option(
    help: """
      Order in which sgd, sgd-momentum and adamw sum over ranks: by rank, or as MPI pleases. \
      (default: fixed)
      """)
  var mean: MeanOrder?

  @Option(parsing: .unconditional, help: "Seed of every random number.")
  var seed: UInt64 = 1

  @Option(
    parsing: .unconditional,
    help: "Threads per rank. (default: cores of the node / its ranks)")
  var threads: Int?

  @Option(
    parsing: .unconditional,
    help: "Steps between evaluations, 0: only at the end. (default: an epoch)")
  var evaluateEvery: Int?

  @Option(
    parsing: .unconditional,
    help: "Training samples held out, and evaluated instead of the test set until the end.")
  var validation = 0

  @Option(
    parsing: .unconditional,
    help: "Steps between comparisons of the replicas' hashes, 0: only at the end.")
  var checkReplicas = 100

  @Option(
    parsing: .unconditional,
    help: "Steps in a row in which some rank may abstain since its gradient is not finite.")
  var maxAbstentions = 20

  @Option(
    parsing: .unconditional,
    help: "Seconds a rank waits for the others before the run is given up.")
  var collectiveTimeout = 120.0

  @Option(
    parsing: .unconditional,
    help: """
      Milliseconds that each gradient takes at least: it is computed as always, then the rank \
      sleeps. For studies of scaling on few cores. (default: none)
      """)
  var simulateGradient: Double?

  @Option(help: "Run log to append to, JSON lines.")
  var log: String?

  @Option(parsing: .unconditional, help: "Steps between records of the log and lines of progress.")
  var logEvery = 50

  @Option(help: "File for the final parameters, safetensors.")
  var save: String?

  @Option(
    help: """
      Folder for checkpoints, shared by all nodes; a run that finds some goes on. (default: none \
      are written)
      """)
  var checkpoint: String?

  @Option(
    parsing: .unconditional,
    help: "Steps between checkpoints, or minutes as in 10m. (default: 10m)",
    transform: { try value($0, "a number of steps, or of minutes as in 10m") })
  var checkpointEvery: CheckpointInterval?

  @Option(parsing: .unconditional, help: "Checkpoints that stay, the newest. (default: 2)")
  var keep: Int?

  @Option(
    help: """
      Steps go on while a copy of the state is written, as a rule 8 bytes per parameter; or none, \
      and they wait. (default: copy)
      """)
  var checkpointMemory: CheckpointMemory?

  @Option(
    help: """
      What to go on from: the newest checkpoint without damage (auto), that of a STEP, or none \
      (never), when the folder must hold none. (default: auto)
      """,
    transform: { try value($0, "auto, never or a step") })
  var resume: ResumeChoice?

  @Flag(
    help: """
      Go on only where gradients have the same bits: ranks, threads, oneDNN, processor. (default: \
      go on, and say what differs)
      """)
  var resumeStrict = false

  @Option(
    help: """
      When a rank dies: end the run, or shrink it and go on with the others from the last \
      checkpoint, which needs Open MPI 5 and 'mpirun --with-ft ulfm'.
      """)
  var onFailure = FailureResponse.abort

  @Flag(help: "Print layers, shapes and tensors of the model, then end.")
  var describeModel = false

  /// Here for the help text: the file is read before the flags are.
  @Option(help: "YAML file with any of these flags as keys, without the dashes.")
  var config: String?

  /// The keys of a configuration file.
  static let flagNames: Set<String> = [
    "algorithm", "model", "hidden", "layers", "heads", "width", "context", "tie", "dropout", "data",
    "batch", "accumulate", "epochs", "steps", "stop-at", "start-from", "label-smoothing", "lr",
    "dtype", "lr-scaling", "schedule", "momentum", "interpolation", "radius", "clip", "clients",
    "participation", "local-steps", "local-lr", "partition", "adversaries", "attack",
    "weight-decay", "sign-rule", "vote", "coding", "mean", "seed", "threads", "evaluate-every",
    "simulate-gradient", "validation", "check-replicas", "max-abstentions", "collective-timeout",
    "log", "log-every", "save", "checkpoint", "checkpoint-every", "keep", "checkpoint-memory",
    "resume", "resume-strict", "on-failure", "augment", "describe-model",
  ]

  /// Those of them that are true or false.
  static let switchNames: Set<String> = ["resume-strict", "describe-model", "tie"]

  func validate() throws {
    if epochs != nil, steps != nil {
      throw ValidationError("give --epochs or --steps, not both")
    }
    do {
      try options.validate()
    } catch {
      throw ValidationError(error.description)
    }
  }

  func run() throws {
    let status = describeModel ? DescriptionProgram.run(options) : TrainingProgram.run(options)
    if status != 0 { throw ExitCode(status) }
  }

  private var options: TrainingOptions {
    var options = TrainingOptions()
    options.algorithm = algorithm
    options.model = model
    options.hidden = hidden
    options.gpt = gpt.options
    options.data = data
    options.batch = batch
    options.accumulate = accumulate
    options.length = steps.map(RunLength.steps) ?? .epochs(epochs ?? 5)
    options.stopAt = stopAt
    options.augmentation = augment
    options.computeType = computeType
    options.startFrom = startFrom
    options.labelSmoothing = labelSmoothing
    options.learningRate = learningRate
    options.learningRateScaling = lrScaling
    options.schedule = schedule
    options.momentum = momentum
    options.interpolation = interpolation
    options.radius = radius
    options.clip = clip
    options.clients = clients
    options.participation = participation
    options.localSteps = localSteps
    options.localLearningRate = localLearningRate
    options.partition = partition
    options.adversaries = adversaries
    options.attack = attack
    options.weightDecay = weightDecay
    options.signRule = signRule
    options.route = vote.value
    options.coding = coding.value
    options.mean = mean
    options.seed = seed
    options.threads = threads
    options.evaluateEvery = evaluateEvery
    options.validation = validation
    options.checkReplicas = checkReplicas
    options.maximumAbstentions = maxAbstentions
    options.collectiveTimeout = collectiveTimeout
    options.simulateGradient = simulateGradient
    options.log = log
    options.logEvery = logEvery
    options.save = save
    options.checkpoint = checkpoint
    options.checkpointEvery = checkpointEvery
    options.keep = keep
    options.checkpointMemory = checkpointMemory
    options.resume = resume
    options.resumeStrict = resumeStrict
    options.onFailure = onFailure
    return options
  }
}
