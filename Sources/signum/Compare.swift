public import ArgumentParser
public import Comparison
import Foundation

/// `signum compare`.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare run logs: scaling, routes, phases of a step, bytes, targets.",
    discussion: """
      Runs that agree in everything but the seed are repetitions: median and spread are shown. Runs \
      that differ are set side by side by what was varied; what else differs is pointed out, and \
      nothing of it is averaged. The first logged interval of a run is warm-up and left out. Needs \
      no MPI. Exits 1 when a figure is worse than in --baseline, 2 when there is nothing to compare.
      """)

  @Argument(help: "Run logs: files, folders, patterns.", completion: .file())
  var logs: [String]

  @Option(help: "How tables are written.")
  var format: TableFormat = .text

  @Option(
    name: .customLong("plots"),
    help: ArgumentHelp("Folder for plots: SVG, PNG and text by gnuplot.", valueName: "dir"),
    completion: .directory)
  var plotFolder: String?

  @Option(
    name: .customLong("base"),
    help: ArgumentHelp(
      "Ranks that speed-up is counted from. (default: the fewest)", valueName: "ranks"))
  var base: Int?

  @Option(parsing: .unconditional, help: "Show what it took to this accuracy, in (0, 1].")
  var targetAccuracy: Double?

  @Option(parsing: .unconditional, help: "Show what it took to this loss.")
  var targetLoss: Double?

  @Option(
    help: ArgumentHelp("Earlier logs that these are judged by.", valueName: "log"),
    completion: .file())
  var baseline: String?

  @Option(
    parsing: .unconditional, help: "By how much a figure may be worse than in the baseline.")
  var tolerance = 0.05

  func validate() throws {
    if let base, base < 1 { throw ValidationError("--base must be at least 1: found \(base)") }
    if let targetAccuracy, !(targetAccuracy > 0 && targetAccuracy <= 1) {
      throw ValidationError("--target-accuracy must lie in (0, 1]: found \(targetAccuracy)")
    }
    if targetAccuracy != nil, targetLoss != nil {
      throw ValidationError("give --target-accuracy or --target-loss, not both")
    }
    if let targetLoss, !targetLoss.isFinite {
      throw ValidationError("--target-loss must be a number: found \(targetLoss)")
    }
    guard tolerance >= 0, tolerance.isFinite else {
      throw ValidationError("--tolerance must be at least 0: found \(tolerance)")
    }
  }

  func run() throws {
    var program = CompareProgram()
    program.paths = logs
    program.format = format
    program.plotFolder = plotFolder
    program.baseline = baseline
    program.tolerance = tolerance
    program.options.base = base
    program.options.target =
      targetAccuracy.map(Target.accuracy) ?? targetLoss.map(Target.loss)
    program.isColored =
      isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    let status = try Reading.run {
      try program.run(print: Reading.print, complain: Reading.complain)
    }
    if status != 0 { throw ExitCode(status) }
  }
}

extension TableFormat: ExpressibleByArgument {}

/// How the subcommands that read logs speak.
enum Reading {
  /// Runs a body; an error is one line and exit code 2.
  static func run(_ body: () throws -> Int32) throws -> Int32 {
    do {
      return try body()
    } catch {
      complain("\(error)")
      return 2
    }
  }

  /// Prints a line on standard output.
  static func print(_ line: String) { StandardOutput.write(Data((line + "\n").utf8)) }

  /// Prints a line on standard error, led by the program's name.
  static func complain(_ line: String) {
    try? FileHandle.standardError.write(contentsOf: Data(("signum: " + line + "\n").utf8))
  }
}
