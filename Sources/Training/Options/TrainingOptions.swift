public import Datasets
public import Networks
public import Objectives
public import SignBits
public import SignDescent
public import Voting

/// Everything that defines a run; one property a flag of `signum train`.
///
/// Optional properties were not given: the choice then depends on the algorithm, the model or the
/// machine, and giving one that the run would ignore is an error.
public struct TrainingOptions: Sendable {
  /// How gradients become an update.
  public var algorithm = Algorithm.signum
  /// What is trained.
  public var model = ModelChoice.mlp
  /// Widths of the hidden layers of an MLP; 256, 256 when not given.
  public var hidden: [Int]?
  /// The sizes of a GPT.
  public var gpt = GPTOptions()
  /// Where samples come from; when not given Fashion-MNIST, the bible for a GPT, nothing for the
  /// quadratic.
  public var data: String?
  /// Samples per rank and step.
  public var batch = BatchSize.perRank(64)
  /// Batches of a rank in a step, whose mean gradient counts.
  public var accumulate = 1
  /// How long the run is.
  public var length = RunLength.epochs(5)
  /// What ends the run before that; nothing when not given.
  public var stopAt: StopTarget?
  /// How much of a label is spread over all classes, in gradients.
  public var labelSmoothing = 0.0
  /// How training images are changed; they are not when not given.
  public var augmentation: Augmentation?
  /// What the products of gradients are formed of.
  public var computeType = ComputeType.float32
  /// A file of parameters to start from; the seed's when not given.
  public var startFrom: String?
  /// The learning rate γ.
  public var learningRate: Double?
  /// How learning rates depend on a network's widths.
  public var learningRateScaling = LearningRateScaling.none
  /// The course of the learning rate.
  public var schedule = Schedule.standard
  /// The weight θ of the past in the momentum.
  public var momentum: Double?
  /// The weight of the past in the signs that Lion votes with.
  public var interpolation: Double?
  /// The radius of stochastic signs; deterministic signs when not given, unless the algorithm says
  /// otherwise.
  public var radius: StochasticRadius?
  /// The largest Euclidean norm of a gradient, before the momentum.
  public var clip: Double?
  /// The number of federated clients.
  public var clients: Int?
  /// The share of the clients in a round.
  public var participation: Double?
  /// The number of gradients of a client in a round.
  public var localSteps: Int?
  /// The learning rate of local steps.
  public var localLearningRate: Double?
  /// Which voter holds which samples; `shared`, or `iid` with clients, when not given.
  public var partition: ClientPartition?
  /// The share of adversaries among the voters.
  public var adversaries = 0.0
  /// What adversaries send; `invert` when not given.
  public var attack: Attack?
  /// Decoupled weight decay λ on tensors of two or more dimensions.
  public var weightDecay = 0.0
  /// What zeros and ties count as.
  public var signRule: SignRule?
  /// How ballots become a verdict; the fastest in a trial when not given.
  public var route: Route?
  /// Whether the messages of the vote are coded; nil for what is faster.
  public var coding: Coding?
  /// In which order the fp32 baselines sum.
  public var mean: MeanOrder?
  /// Seed of every random number of the run.
  public var seed: UInt64 = 1
  /// Threads per rank; the cores of the node divided by its ranks when not given.
  public var threads: Int?
  /// Steps between evaluations; an epoch when not given, 0 for only at the end.
  public var evaluateEvery: Int?
  /// Samples held out of the training set.
  public var validation = 0
  /// Steps between comparisons of the replicas' hashes; 0 for only at the end.
  public var checkReplicas = 100
  /// Steps in a row in which some rank may abstain because of numbers that are not finite.
  public var maximumAbstentions = 20
  /// Seconds a rank waits for the others before the run is given up.
  public var collectiveTimeout = 120.0
  /// Milliseconds that a gradient takes at least, for studies of scaling; none when not given.
  public var simulateGradient: Double?
  /// The run log to append to.
  public var log: String?
  /// Steps between step records and progress lines.
  public var logEvery = 50
  /// Where the final parameters go.
  public var save: String?
  /// The folder of checkpoints; none are written without.
  public var checkpoint: String?
  /// How often a checkpoint is written; every 10 minutes when not given.
  public var checkpointEvery: CheckpointInterval?
  /// How many checkpoints stay; 2 when not given.
  public var keep: Int?
  /// How the state gets to the thread that writes it; by a copy when not given.
  public var checkpointMemory: CheckpointMemory?
  /// What a run takes up that finds checkpoints; the newest when not given.
  public var resume: ResumeChoice?
  /// Whether to refuse a resume on a machine whose gradients may differ in their last bits.
  public var resumeStrict = false
  /// What to do when a rank dies.
  public var onFailure = FailureResponse.abort

  /// The defaults.
  public init() {}
}

/// How many samples a rank takes in a step (`--batch`).
public enum BatchSize: Equatable, Sendable {
  /// This many from the epoch's permutation.
  case perRank(Int)
  /// All of the rank's contiguous part of the training set.
  case full
}

/// How long a run is (`--epochs` or `--steps`).
public enum RunLength: Equatable, Sendable {
  /// This many passes over the training set.
  case epochs(Int)
  /// This many steps.
  case steps(Int)
}

/// What is trained (`--model`).
public enum ModelChoice: Equatable, Sendable {
  /// A function in closed form, with noise in its gradients.
  case closedForm(ClosedForm)
  /// Multinomial logistic regression.
  case logistic
  /// A multilayer perceptron with ReLU.
  case mlp
  /// A small convolutional network.
  case cnn
  /// A residual network for small images, 6n + 2 layers with weights.
  case resnet(depth: Int)
  /// These layers.
  case layers(LayerList)
  /// A generative transformer of bytes.
  case gpt
}

/// An option that cannot be used as given.
public struct OptionError: Error, Equatable, CustomStringConvertible {
  /// One line: the option, what was expected and what was found.
  public let description: String

  /// An error from its one line.
  public init(_ description: String) { self.description = description }
}

extension BatchSize: LosslessStringConvertible {
  /// Reads a positive number or `full`; nil for anything else.
  public init?(_ text: String) {
    if text == "full" {
      self = .full
    } else if let count = Int(text), count > 0, count <= 1 << 24 {
      self = .perRank(count)
    } else {
      return nil
    }
  }

  /// The text that `init(_:)` reads.
  public var description: String {
    switch self {
    case .perRank(let count): String(count)
    case .full: "full"
    }
  }
}
