import Plots
import RunLog

/// `signum predict`: from paths to an exit code.
public struct PredictProgram: Sendable {
  /// Files, folders and patterns: runs, and votes timed by `signum bench vote --log`.
  public var paths: [String] = []
  /// How tables are written.
  public var format = TableFormat.text
  /// The most ranks of the runs that are fitted; nil for all.
  public var fitUpTo: Int?
  /// Rates of the links in Gbit/s; when empty those of the logs, or 0.1, 1 and 10.
  public var linkGbps: [Double] = []
  /// Ranks that share a link.
  public var ranksPerNode = 1
  /// The number of parameters; that of the logs when nil.
  public var parameters: Int?
  /// The largest number of ranks.
  public var mostRanks = 65_536
  /// The largest error of a check; nil for any.
  public var tolerance: Double?

  /// A prediction of nothing.
  public init() {}

  /// Fits, predicts and prints.
  ///
  /// - Parameters:
  ///   - print: Takes what was found.
  ///   - complain: Takes what was left out, a line each.
  /// - Returns: 0, or 1 when a check is off by more than the tolerance.
  /// - Throws: An error that describes itself in a line, when there is nothing to fit.
  public func run(print: (String) -> Void, complain: (String) -> Void) throws -> Int32 {
    let collection = try CompareProgram.read(paths, complain)
    let prediction = Prediction(collection, fitUpTo: fitUpTo)
    guard !prediction.methods.isEmpty else { throw NothingToFit(paths: paths) }
    let known = Set(collection.runs.compactMap(\.linkRate)).sorted()
    let rates = linkGbps.isEmpty ? known : linkGbps.map { $0 * 1e9 }
    let question = Prediction.Question(
      parameters: Double(parameters ?? collection.runs.map(\.parameters).max() ?? 1),
      linkRates: rates.isEmpty ? [1e8, 1e9, 1e10] : rates, ranksPerNode: ranksPerNode,
      mostRanks: mostRanks, batch: collection.runs.compactMap(\.batch).max())
    var tables = [prediction.modelTable(batch: question.batch), prediction.checkTable]
    tables += question.linkRates.map { prediction.stepTable(question, linkRate: $0) }
    if let table = prediction.crossoverTable(question) { tables.append(table) }
    for line in Table.lines(of: tables, as: format, type: "prediction") { print(line) }
    guard let tolerance else { return 0 }
    let off = prediction.checks.filter { abs($0.error) > tolerance }
    for check in off {
      complain(
        "\(check.method) N = \(check.cell.ranks): predicted \(number(1e3 * check.predicted)) ms, "
          + "measured \(number(1e3 * check.measured.median)) ms: off by "
          + "\(number(100 * check.error)) %")
    }
    if prediction.checks.isEmpty { complain("no run was left over for the check") }
    return off.isEmpty && !prediction.checks.isEmpty ? 0 : 1
  }
}

/// Why there is nothing to fit.
struct NothingToFit: Error, CustomStringConvertible {
  let paths: [String]

  var description: String {
    "\(paths.joined(separator: ", ")): expected runs at 2 or more ranks by exchange, allreduce, "
      + "gather, dense or an fp32 mean, found none"
  }
}
