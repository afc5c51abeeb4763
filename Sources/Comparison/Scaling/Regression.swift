import Plots

/// Runs against earlier ones of the same kind: which figure got worse.
///
/// A figure is worse when its median is beyond the tolerance, the difference exceeds three standard
/// errors of what was logged within the runs, and, with two or more repetitions on both sides, even
/// the best repetition is worse than the worst one of the baseline.
struct Regression: Sendable {
  /// One figure of one configuration.
  struct Finding: Sendable {
    let label: String
    let ranks: Int
    let figure: String
    let baseline: Spread
    let now: Spread
    /// By how much it is worse: 0.1 for ten per cent.
    let worseBy: Double
    let isRegression: Bool
  }

  let findings: [Finding]
  /// What has no counterpart, a line each.
  let unmatched: [String]

  /// Compares the configurations that agree in method, workload, ranks and batch.
  init(_ comparison: Comparison, baseline: LogCollection, tolerance: Double) {
    let cells = Self.merged(comparison.collection)
    let earlier = Self.merged(baseline)
    var findings: [Finding] = []
    var unmatched: [String] = []
    func isMatch(_ one: Cell, _ other: Cell) -> Bool {
      one.ranks == other.ranks && one.batch == other.batch && one.identity == other.identity
    }
    func name(_ cell: Cell) -> String {
      let label = comparison.label(of: cell)
      return label.isEmpty ? "all runs" : label
    }
    for cell in cells {
      guard let old = earlier.first(where: { isMatch($0, cell) }) else {
        unmatched.append("\(name(cell)) N = \(cell.ranks): not in the baseline")
        continue
      }
      for figure in Figure.all {
        guard let before = old.spread(figure.value), let now = cell.spread(figure.value) else {
          continue
        }
        let difference = (now.median - before.median) * (figure.isBetterHigh ? -1 : 1)
        let worseBy = difference / abs(before.median)
        let error = figure.error.map { error in
          3
            * ([old, cell].map { cell in cell.measures.map(error).median }
            .map { $0 * $0 }.reduce(0, +)).squareRoot()
        }
        let areApart =
          min(before.count, now.count) < 2
          || (figure.isBetterHigh ? now.high < before.low : now.low > before.high)
        findings.append(
          Finding(
            label: name(cell), ranks: cell.ranks, figure: figure.name, baseline: before, now: now,
            worseBy: worseBy.isNaN ? 0 : worseBy,
            isRegression: worseBy > tolerance && difference > error ?? 0 && areApart))
      }
    }
    for old in earlier where !cells.contains(where: { isMatch(old, $0) }) {
      unmatched.append("\(old.place) N = \(old.ranks): only in the baseline")
    }
    self.findings = findings
    self.unmatched = unmatched
  }

  /// Another commit or machine is what a baseline is for: circumstances do not part runs here.
  private static func merged(_ collection: LogCollection) -> [Cell] {
    var groups: [[Cell]] = []
    for cell in Cell.group(collection.runs) {
      let place = groups.firstIndex {
        $0[0].ranks == cell.ranks && $0[0].batch == cell.batch && $0[0].identity == cell.identity
      }
      if let place { groups[place].append(cell) } else { groups.append([cell]) }
    }
    return groups.map { Cell($0.flatMap(\.runs)) }
  }

  private struct Figure {
    let name: String
    let isBetterHigh: Bool
    let value: (RunMeasures) -> Double?
    var error: ((RunMeasures) -> Double)?

    static var all: [Figure] {
      [
        Figure(
          name: "step seconds", isBetterHigh: false, value: \.stepSeconds, error: \.stepError),
        Figure(name: "bytes sent per parameter", isBetterHigh: false, value: \.bytesSent),
        Figure(name: "bytes received per parameter", isBetterHigh: false, value: \.bytesReceived),
        Figure(name: "final loss", isBetterHigh: false, value: \.finalLoss),
        Figure(name: "accuracy", isBetterHigh: true, value: \.accuracy),
      ]
    }
  }

  /// What got worse.
  var regressions: [Finding] { findings.filter(\.isRegression) }

  /// The findings as a table.
  func table(tolerance: Double) -> Table {
    var table = Table(
      "baseline", "Against the baseline, tolerance \(number(100 * tolerance)) %",
      [
        .init("label", "runs"), .init("ranks", "N"), .init("figure", "figure"),
        .init("baseline", "baseline"), .init("now", "now"),
        .init("worseBy", "worse by %", scale: 100), .init("verdict", "verdict"),
      ])
    table.groupingColumns = 2
    for finding in findings {
      table.rows.append([
        .text(finding.label), .count(finding.ranks), .text(finding.figure),
        .spread(finding.baseline), .spread(finding.now), .number(finding.worseBy),
        finding.isRegression ? .flag("REGRESSION") : .text("ok"),
      ])
    }
    table.notes = unmatched
    return table
  }
}
