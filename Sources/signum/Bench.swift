import ArgumentParser
import Benchmarks
import SignBits
import Voting

/// `signum bench`.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the speed of votes, gradients and this machine's kernels.",
    subcommands: [Votes.self, Gradients.self, Kernels.self])

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

extension Bench {
  /// `signum bench vote`.
  struct Votes: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "vote",
      abstract: "Time majority votes beside the fp32 MPI_Allreduce that they replace.",
      discussion: """
        Start it under a launcher: 'mpirun -np 4 signum bench vote'. Votes follow each other without \
        a pause, routes and reduction take turns, and every route's last verdict is compared with \
        that of 'dense' before its times count. The table says what its columns mean.
        """)

    @Option(
      help: ArgumentHelp("Numbers of parameters, separated by commas.", valueName: "counts"),
      transform: parseSizes)
    var sizes: [Int] = VoteBenchmark.standardSizes

    @Option(
      help: ArgumentHelp(
        "Routes to time, separated by commas: \(names(Route.self)).", valueName: "names"),
      transform: parseNames)
    var routes: [Route] = VoteBenchmark.standardRoutes

    @Option(
      help: ArgumentHelp(
        """
        How the routes exchange and gather shorten messages, separated by commas: \(names(Coding.self)).
        """, valueName: "names"),
      transform: parseNames)
    var coding: [Coding] = [.none]

    @Option(help: "What zeros and ties count as.")
    var signRule: SignRule = .fair

    @Option(
      parsing: .unconditional,
      help: """
        Probability with which a sign, of the ballots and of the verdict, flips from vote to vote. \
        (default: ballots stay, random and different on each rank)
        """)
    var flipRate: Double?

    @Option(parsing: .unconditional, help: "How often each route is timed.")
    var repetitions = VoteBenchmark.standardRepetitions

    @Option(
      parsing: .unconditional,
      help: """
        Rate of each rank's link in Gbit/s, to compare with the least time on the wire. (default: \
        no comparison)
        """)
    var linkGbps: Double?

    @Option(
      help: "File to which JSON lines are appended. (default: none)", completion: .file())
    var log: String?

    func run() throws {
      let benchmark: VoteBenchmark
      do {
        benchmark = try VoteBenchmark(
          sizes: sizes, routes: routes, codings: coding, rule: signRule, flipRate: flipRate,
          repetitions: repetitions, linkGbps: linkGbps, log: log)
      } catch {
        throw ValidationError("\(error)")
      }
      let status = benchmark.run()
      if status != 0 { throw ExitCode(status) }
    }
  }
}

/// The names of all values of a choice.
func names<Choice: CaseIterable & RawRepresentable<String>>(_: Choice.Type) -> String {
  Choice.allCases.map(\.rawValue).joined(separator: ", ")
}

func parseNames<Choice: CaseIterable & RawRepresentable<String>>(
  _ text: String
) throws -> [Choice] {
  try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
    guard let choice = Choice(rawValue: String(part)) else {
      throw ValidationError("expected some of \(names(Choice.self)), found '\(text)'")
    }
    return choice
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
