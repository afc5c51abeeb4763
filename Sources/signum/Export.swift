public import ArgumentParser
public import Comparison

/// `signum export`.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write run logs as other tools read them: Extra-P, MLPerf, CSV.",
    discussion: """
      Prints to standard output. extra-p: JSON lines for 'extrap --json', a call path for each \
      series of numbers of ranks and each phase. mlperf: :::MLLOG lines. csv: a row a run. Needs no \
      MPI. Exits 2 when there is nothing to export.
      """)

  @Argument(help: "Run logs: files, folders, patterns.", completion: .file())
  var logs: [String]

  @Option(help: "Who reads it. (default: csv)")
  var format: ExportFormat = .csv

  func run() throws {
    let status = try Reading.run {
      try ExportProgram.run(
        logs, format: format, print: Reading.print, complain: Reading.complain)
      return 0
    }
    if status != 0 { throw ExitCode(status) }
  }
}

extension ExportFormat: ExpressibleByArgument {}
