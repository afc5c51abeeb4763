import ArgumentParser
import Training

/// `signum train`.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model by majority vote, or by an fp32 baseline, on all ranks of mpirun.",
    discussion: """
      Start it under a launcher: 'mpirun -np 4 signum train', or 'srun --mpi=pmix signum train'. \
      Every flag is also a key of the YAML file that --config names; flags win.
      """)

  @OptionGroup(title: "Algorithm")
  var algorithm: AlgorithmFlags

  @OptionGroup(title: "Model")
  var model: ModelFlags

  @OptionGroup(title: "GPT")
  var gpt: GPTFlags

  @OptionGroup(title: "Data")
  var data: DataFlags

  @OptionGroup(title: "Length")
  var length: LengthFlags

  @OptionGroup(title: "Vote")
  var vote: VoteFlags

  @OptionGroup(title: "Federated clients")
  var clients: ClientFlags

  @OptionGroup(title: "Adversaries")
  var adversaries: AdversaryFlags

  @OptionGroup(title: "Output")
  var output: OutputFlags

  @OptionGroup(title: "Checkpoints")
  var checkpoints: CheckpointFlags

  @OptionGroup(title: "General")
  var general: GeneralFlags

  /// Here for the help text: the file is read before the flags are.
  @Option(
    help: "YAML file with any of these flags as keys, without the dashes.", completion: .file())
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
    do {
      try options.validate()
    } catch {
      throw ValidationError(error.description)
    }
  }

  func run() throws {
    let status =
      model.describeModel ? DescriptionProgram.run(options) : TrainingProgram.run(options)
    if status != 0 { throw ExitCode(status) }
  }

  private var options: TrainingOptions {
    var options = TrainingOptions()
    algorithm.apply(to: &options)
    model.apply(to: &options)
    gpt.apply(to: &options)
    data.apply(to: &options)
    length.apply(to: &options)
    vote.apply(to: &options)
    clients.apply(to: &options)
    adversaries.apply(to: &options)
    output.apply(to: &options)
    checkpoints.apply(to: &options)
    general.apply(to: &options)
    return options
  }
}
