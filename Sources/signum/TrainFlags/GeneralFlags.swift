import ArgumentParser
import Training

/// The flags of `signum train` for seed, threads and watch over the ranks.
struct GeneralFlags: ParsableArguments {
  @Option(parsing: .unconditional, help: "Seed of every random number.")
  var seed: UInt64 = 1

  @Option(
    parsing: .unconditional,
    help: "Threads per rank. (default: cores of the node / its ranks)")
  var threads: Int?

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
    help: """
      When a rank dies: end the run, or shrink it and go on with the others from the last \
      checkpoint, which needs Open MPI 5 and 'mpirun --with-ft ulfm'.
      """)
  var onFailure = FailureResponse.abort

  @Option(
    parsing: .unconditional,
    help: """
      Milliseconds that each gradient takes at least: it is computed as always, then the rank \
      sleeps. For studies of scaling on few cores. (default: none)
      """)
  var simulateGradient: Double?

  func apply(to options: inout TrainingOptions) {
    options.seed = seed
    options.threads = threads
    options.checkReplicas = checkReplicas
    options.maximumAbstentions = maxAbstentions
    options.collectiveTimeout = collectiveTimeout
    options.onFailure = onFailure
    options.simulateGradient = simulateGradient
  }
}
