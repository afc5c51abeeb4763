import Foundation
import Plots
import RunLog

/// `signum compare`: from paths to an exit code.
public struct CompareProgram: Sendable {
  /// Files, folders and patterns.
  public var paths: [String] = []
  /// How tables are written.
  public var format = TableFormat.text
  /// Where plots go; nil for none.
  public var plotFolder: String?
  /// Earlier logs that these are judged by.
  public var baseline: String?
  /// By how much a figure may be worse: 0.05 for five per cent.
  public var tolerance = 0.05
  /// What to look for.
  public var options = Comparison.Options()
  /// Whether escapes of a terminal set titles and warnings apart.
  public var isColored = false

  /// A comparison of nothing.
  public init() {}

  /// Compares, and prints by a function that takes lines.
  ///
  /// - Parameters:
  ///   - print: Takes what was found.
  ///   - complain: Takes what was left out, a line each.
  /// - Returns: 0, or 1 when a figure is worse than in the baseline.
  /// - Throws: An error that describes itself in a line, when there is nothing to compare.
  public func run(print: (String) -> Void, complain: (String) -> Void) throws -> Int32 {
    let comparison = Comparison(try Self.read(paths, complain), options)
    let counts = Set(comparison.cells.map(\.ranks)).sorted()
    if let base = options.base, !counts.contains(base) {
      complain(
        "--base \(base): no run has \(base) ranks, so there is no speed-up; there are runs of "
          + counts.map(String.init).joined(separator: ", "))
    }
    var tables = comparison.tables
    var regression: Regression?
    if let baseline {
      let earlier = try Self.read([baseline], complain)
      let judged = Regression(comparison, baseline: earlier, tolerance: tolerance)
      guard !judged.findings.isEmpty else { throw NothingToCompare(with: baseline) }
      tables.append(judged.table(tolerance: tolerance))
      regression = judged
    }
    let plots = plotFolder == nil ? [] : comparison.plots
    if let plotFolder { try draw(plots, in: plotFolder, complain) }
    let lines = Table.lines(
      of: tables, as: format, type: "comparison", headline: comparison.headline,
      isColored: isColored)
    for line in lines { print(line) }
    if let plotFolder { show(plots, in: plotFolder, print) }
    let worse = regression?.regressions ?? []
    for finding in worse {
      complain(
        "\(finding.label) N = \(finding.ranks): \(finding.figure) is "
          + "\(number(100 * finding.worseBy)) % worse than in \(baseline ?? ""): "
          + "\(number(finding.now.median)) against \(number(finding.baseline.median))")
    }
    return worse.isEmpty ? 0 : 1
  }

  /// Reads logs and says what was left out of them.
  static func read(_ paths: [String], _ complain: (String) -> Void) throws -> LogCollection {
    let collection = try LogCollection(paths)
    for problem in collection.problems { complain(problem) }
    guard !collection.runs.isEmpty else { throw NothingToCompare(paths) }
    return collection
  }

  private func draw(
    _ plots: [(name: String, plot: Plot)], in folder: String, _ complain: (String) -> Void
  ) throws {
    let folder = try OutputFolder(folder)
    guard Gnuplot.isInstalled else {
      return complain("gnuplot was not found: no plots; install gnuplot-nox")
    }
    for (name, plot) in plots { try Gnuplot.draw(plot, named: name, in: folder) }
  }

  /// Tells where the plots are, and shows them in a terminal.
  private func show(
    _ plots: [(name: String, plot: Plot)], in folder: String, _ print: (String) -> Void
  ) {
    for (name, plot) in plots {
      let file = (folder as NSString).appendingPathComponent(name)
      switch format {
      case .text:
        if let text = try? String(contentsOfFile: file + ".txt", encoding: .utf8) { print(text) }
        print("plot    \(file).svg, .png, .txt")
      case .markdown: print("\n![\(plot.title)](\(name).svg)")
      case .csv, .json: break
      }
    }
  }
}

/// Why there is nothing to compare.
struct NothingToCompare: Error, CustomStringConvertible {
  let description: String

  init(_ paths: [String]) {
    description =
      "\(paths.joined(separator: ", ")): expected at least one run with steps, found none; "
      + "make one with 'signum train --log FILE'"
  }

  init(with baseline: String) {
    description =
      "\(baseline): expected a run of the same method, workload, ranks and batch as those "
      + "compared, found none"
  }
}
