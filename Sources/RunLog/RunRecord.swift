public import Foundation

/// The head of a run: everything that its course depends on.
public struct RunRecord: Hashable, Sendable, Codable {
  /// The version of the log's records that this module writes.
  public static let currentSchemaVersion = 1

  /// The version of the log's records.
  public var schemaVersion = RunRecord.currentSchemaVersion
  /// A text that names the run, the same after resume.
  public var runIdentifier: String
  /// When the run started, in UTC as in 2026-01-31T23:59:59Z.
  public var startedAt: String
  /// Every flag of the command line with its value, defaults included, as an object.
  public var configuration: JSONValue
  /// The seed of all random numbers.
  public var seed: UInt64
  /// The number of ranks.
  public var ranks: Int
  /// The number of nodes.
  public var nodes = 1
  /// The number of ranks of each node.
  public var ranksPerNode: [Int] = []
  /// The name of each node.
  public var hosts: [String] = []
  /// The MPI library with its version.
  public var mpiLibrary = ""
  /// The version of the MPI standard.
  public var mpiStandard = ""
  /// The network interface that MPI was told to use.
  public var networkInterface: String?
  /// The rate of each node's link in Gbit/s, where the launcher told it.
  public var linkGbps: Double?
  /// The processor's name.
  public var cpu = ""
  /// The instruction set of the kernels.
  public var instructionSet = ""
  /// The number of threads of a rank.
  public var threads = 1
  /// The version of oneDNN, where a network runs.
  public var oneDNNVersion: String?
  /// The route of the vote, or of the mean.
  public var route = ""
  /// Why this route was taken.
  public var routeReason = ""
  /// The number of gradients that a voter computes in a step.
  public var gradientsPerStep = 1
  /// How the point ahead comes about at which gradients are taken: `rebuilt` from the last verdict
  /// or `stored`.
  public var lookAhead: String?
  /// Whether stochastic signs are clamped, so that their mean is not the momentum over the radius.
  public var biasedSigns: Bool?
  /// The voters that send something else than their ballots.
  public var adversaries: [Int]?
  /// The number of samples of each class that each voter holds, where voters hold their own.
  public var samplesPerClient: [[Int]]?
  /// How ballots are coded.
  public var coding = "none"
  /// How zeros and ties count.
  public var signRule = ""
  /// Whether sums of floats depend on the order of the ranks in the MPI library.
  public var orderDependent = false
  /// The commit of the program.
  public var commit: String?
  /// The number of parameters.
  public var parameters: Int
  /// The number of tensors.
  public var tensors: Int?
  /// The number of samples that train.
  public var trainingSamples: Int?
  /// The number of samples held out of training.
  public var validationSamples: Int?
  /// The number of test samples.
  public var testSamples: Int?
  /// The means that the features of each channel are centred by, of pixels divided by 255.
  public var pixelMeans: [Double]?
  /// The standard deviations that they are scaled by, likewise.
  public var pixelStandardDeviations: [Double]?
  /// The number of samples a rank takes in a step.
  public var batch: Int?
  /// The number of steps planned.
  public var steps: Int
  /// The step size that the schedule starts from.
  public var learningRate: Double
  /// The job's number under Slurm.
  public var slurmJobID: String?
  /// How often Slurm started the job anew.
  public var slurmRestartCount: Int?

  /// A head; what is not a parameter here has a default and is set afterwards.
  public init(
    runIdentifier: String, startedAt: Date, configuration: [JSONValue.Member], seed: UInt64,
    ranks: Int, parameters: Int, steps: Int, learningRate: Double
  ) {
    self.runIdentifier = runIdentifier
    self.startedAt = startedAt.formatted(.iso8601)
    self.configuration = .object(configuration)
    self.seed = seed
    self.ranks = ranks
    self.parameters = parameters
    self.steps = steps
    self.learningRate = learningRate
  }
}
