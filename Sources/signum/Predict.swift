import ArgumentParser
import Comparison
import Foundation

/// `signum predict`.
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Predict step time and efficiency at numbers of ranks and links that were not run.",
    discussion: """
      A model (compute, latency, bandwidth, work for a parameter, hidden share) is fitted to the \
      runs, and to votes timed by 'signum bench vote --log', and checked on runs that were not used \
      in the fit. It says at which rates of the links and sizes of the model the vote beats the fp32 \
      mean, and when it loses. Needs no MPI. Exits 1 when a check is off by more than --tolerance, 2 \
      when there is nothing to fit.
      """)

  @Argument(help: "Run logs: files, folders, patterns.", completion: .file())
  var logs: [String]

  @Option(help: "How tables are written.")
  var format: TableFormat = .text

  @Option(
    help: ArgumentHelp(
      "Fit runs of at most so many ranks, check on the others. (default: the most are left out)",
      valueName: "ranks"))
  var fitUpTo: Int?

  @Option(
    help: ArgumentHelp(
      "Rates of the links in Gbit/s, separated by commas. (default: those of the logs, else 0.1,1,10)",
      valueName: "rates"),
    transform: parseRates)
  var linkGbps: [Double] = []

  @Option(help: "Ranks that share a link.")
  var ranksPerNode = 1

  @Option(help: "Parameters of the model. (default: those of the logs)")
  var parameters: Int?

  @Option(help: ArgumentHelp("The largest number of ranks.", valueName: "ranks"))
  var upTo = 65_536

  @Option(
    parsing: .unconditional, help: "The largest relative error of a check. (default: any)")
  var tolerance: Double?

  func validate() throws {
    for (name, value) in [
      ("--ranks-per-node", ranksPerNode), ("--up-to", upTo), ("--parameters", parameters ?? 1),
      ("--fit-up-to", fitUpTo ?? 2),
    ] where value < 1 || value > 1 << 53 {
      throw ValidationError("\(name) must be a positive number: found \(value)")
    }
    if let tolerance, !(tolerance >= 0) {
      throw ValidationError("--tolerance must be at least 0: found \(tolerance)")
    }
  }

  func run() throws {
    var program = PredictProgram()
    program.paths = logs
    program.format = format
    program.fitUpTo = fitUpTo
    program.linkGbps = linkGbps
    program.ranksPerNode = ranksPerNode
    program.parameters = parameters
    program.mostRanks = upTo
    program.tolerance = tolerance
    let status = try Reading.run {
      try program.run(print: Reading.print, complain: Reading.complain)
    }
    if status != 0 { throw ExitCode(status) }
  }
}

private func parseRates(_ text: String) throws -> [Double] {
  try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
    guard let rate = Double(part), rate > 0, rate.isFinite else {
      throw ValidationError("expected rates as in 0.1,1,10, found '\(text)'")
    }
    return rate
  }
}
