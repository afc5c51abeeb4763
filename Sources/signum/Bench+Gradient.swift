import ArgumentParser
import Benchmarks
import Networks

extension Bench {
  /// `signum bench gradient`.
  struct Gradients: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "gradient",
      abstract: "Time the gradients of networks on one rank.",
      discussion: """
        Runs without MPI. 'Jobs/peers/gradient.sh' sets the same models on PyTorch beside it.
        """)

    @Option(
      help: ArgumentHelp(
        "Models, separated by commas: \(names(GradientBenchmark.Model.self)).", valueName: "names"),
      transform: parseNames)
    var models: [GradientBenchmark.Model] = GradientBenchmark.Model.allCases

    @Option(
      parsing: .unconditional, help: "Samples of a batch. (default: 128; 8 of the GPT)")
    var batch: Int?

    @Option(parsing: .unconditional, help: "Threads.")
    var threads = 1

    @Option(
      name: .customLong("dtype"),
      help: "What products are formed of; bf16 needs a processor with AVX512-BF16.")
    var computeType = ComputeType.float32

    @Option(parsing: .unconditional, help: "How often each model is timed.")
    var repetitions = GradientBenchmark.standardRepetitions

    func run() throws {
      do {
        try GradientBenchmark(
          models: models, batch: batch, threads: threads, repetitions: repetitions,
          computeType: computeType
        ).run { print($0) }
      } catch {
        throw ValidationError("\(error)")
      }
    }
  }
}
