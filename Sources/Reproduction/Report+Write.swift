import Foundation
import Plots
import RunLog

extension Report {
  /// The first line of every page, by which a report is known.
  private static let heading = "# The claims of the theory, run"
  private static let pageName = "README.md"

  /// Makes the folder, unless it holds a page that is no report.
  ///
  /// - Throws: `OutputFolderError` or `ReportError`, before anything is run.
  static func prepare(_ path: String) throws {
    let page = try OutputFolder(path).place(of: pageName)
    guard FileManager.default.fileExists(atPath: page) else { return }
    guard let text = try? String(contentsOfFile: page, encoding: .utf8), text.hasPrefix(heading)
    else { throw ReportError.otherPage(path: page) }
  }

  /// Writes page, results and plots.
  ///
  /// - Throws: `OutputFolderError`, `PlotError`.
  func write(to path: String) throws {
    let folder = try OutputFolder(path)
    for entry in entries where Gnuplot.isInstalled {
      for plot in entry.finding.plots {
        try Gnuplot.draw(plot, named: entry.name(of: plot), in: folder)
      }
    }
    try folder.write(Data((json.text + "\n").utf8), to: "results.json")
    try folder.write(Data(page.utf8), to: Self.pageName)
  }

  /// The page.
  private var page: String {
    var lines = [
      Self.heading, "",
      "`signum reproduce`: \(summary). Seed \(seed).", "",
      "Measured numbers are medians over the seeds, with the smallest and the largest in brackets. "
        + "Sections and T-numbers are those of the notes on the paper: Sun, Wang, Li, Wang, "
        + "\"Momentum Ensures Convergence of SIGNSGD under Weaker Assumptions\", ICML 2023.", "",
      "| claim | name | verdict | as expected | seconds |", "|---|---|---|---|---|",
    ]
    lines += entries.map {
      "| \($0.claim.label) | [\($0.claim.name)](#\($0.anchor)) | \($0.markedVerdict) "
        + "| \($0.finding.metCount) of \($0.finding.measurements.count) "
        + "| \(String(format: "%.1f", $0.seconds)) |"
    }
    return (lines + entries.flatMap(\.section)).joined(separator: "\n") + "\n"
  }

  /// Everything that was measured.
  private var json: JSONValue {
    .object([
      .init("type", .string("reproduction")), .init("schemaVersion", .integer(1)),
      .init("ranks", .integer(ranks)), .init("seed", .unsigned(seed)), .init("holds", .bool(holds)),
      .init("claims", .array(entries.map(\.json))),
    ])
  }
}

extension Report.Entry {
  /// The name of a plot's files, without extension.
  fileprivate func name(of plot: Plot) -> String {
    claim.name + (plot.suffix.isEmpty ? "" : "-" + plot.suffix)
  }

  private var title: String { "\(claim.label) \(claim.name)" }

  /// Where the section's title is found on the page.
  fileprivate var anchor: String { title.lowercased().replacing(" ", with: "-") }

  fileprivate var markedVerdict: String { finding.holds ? verdict : "**\(verdict)**" }

  fileprivate var section: [String] {
    var lines = [
      "", "## \(title)", "", claim.statement, "",
      "- Stated in: \(claim.place) of the notes on the paper.",
      "- Run: \(claim.method)",
      "- Verdict: \(markedVerdict).", "",
      "| | measured | expected | found |", "|---|---|---|---|",
    ]
    lines += finding.measurements.map {
      "| \($0.holds ? "ok" : "**wrong**") | \(Self.cell($0.what)) "
        + "| \(Self.cell($0.expectation.text)) | \($0.text) |"
    }
    for plot in finding.plots {
      lines.append("")
      lines +=
        Gnuplot.isInstalled
        ? ["![\(plot.title)](\(name(of: plot)).svg)"] : ["```"] + plot.table + ["```"]
    }
    return lines
  }

  /// A text in a cell of a table, whose borders are bars.
  private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

  fileprivate var json: JSONValue {
    .object([
      .init("name", .string(claim.name)), .init("number", .integer(claim.number)),
      .init("statement", .string(claim.statement)), .init("place", .string(claim.place)),
      .init("method", .string(claim.method)), .init("holds", .bool(finding.holds)),
      .init("seconds", .number(seconds)),
      .init("measurements", .array(finding.measurements.map(\.json))),
    ])
  }
}

extension Measurement {
  fileprivate var json: JSONValue {
    .object([
      .init("what", .string(what)), .init("expected", .string(expectation.text)),
      .init("low", .number(expectation.range.lowerBound)),
      .init("high", .number(expectation.range.upperBound)),
      .init("concernsEverySeed", .bool(expectation.concernsEverySeed)),
      .init("median", .number(median)), .init("values", .array(values.map(JSONValue.number))),
      .init("holds", .bool(holds)),
    ])
  }
}
