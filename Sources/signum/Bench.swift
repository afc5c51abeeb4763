import ArgumentParser
import Benchmarks

/// `signum bench`.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the speed of this machine's kernels.", subcommands: [Kernels.self])

  /// `signum bench kernels`.
  struct Kernels: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Time the kernels beside a triad and check their answers.",
      discussion: """
        Runs on one core, without MPI. The kernels touch every parameter in every step, so memory \
        bounds them: the ratio says how much of the triad's bandwidth each one reaches.
        """)

    @Option(
      help: ArgumentHelp("Numbers of parameters, separated by commas.", valueName: "counts"),
      transform: parseSizes)
    var sizes: [Int] = KernelBenchmark.standardSizes

    @Option(help: "How often each kernel is timed.")
    var repetitions = KernelBenchmark.standardRepetitions

    func run() throws {
      do {
        try KernelBenchmark(sizes: sizes, repetitions: repetitions).run { print($0) }
      } catch {
        throw ValidationError("\(error)")
      }
    }
  }
}

private func parseSizes(_ text: String) throws -> [Int] {
  try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
    guard let size = Int(part), size >= 1 else {
      throw ValidationError("expected numbers as in 65536,1000000, found '\(text)'")
    }
    return size
  }
}
