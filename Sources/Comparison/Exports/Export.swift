import Foundation
import RunLog

/// What outside tools read (`--format` of `signum export`).
public enum ExportFormat: String, CaseIterable, Sendable {
  /// JSON lines of Extra-P, which fits how a figure grows with the ranks.
  case extraP = "extra-p"
  /// `:::MLLOG` lines of MLPerf.
  case mlPerf = "mlperf"
  /// A row a run.
  case csv
}

/// `signum export`: from paths to lines.
public enum ExportProgram {
  /// Reads logs and prints them in a format of other tools.
  ///
  /// - Parameters:
  ///   - paths: Files, folders and patterns.
  ///   - format: Who reads the lines.
  ///   - print: Takes the lines.
  ///   - complain: Takes what was left out, a line each.
  /// - Throws: An error that describes itself in a line, when there is nothing to export.
  public static func run(
    _ paths: [String], format: ExportFormat, print: (String) -> Void, complain: (String) -> Void
  ) throws {
    let collection = try CompareProgram.read(paths, complain)
    switch format {
    case .extraP:
      let lines = extraPLines(Comparison(collection, .init()))
      guard !lines.isEmpty else { throw NoScaling(paths: paths) }
      for line in lines { print(line) }
    case .mlPerf: for run in collection.runs { for line in run.mlPerfLines { print(line) } }
    case .csv: for line in csvLines(collection.runs) { print(line) }
    }
  }

  /// An object a run, phase and figure: `params`, `callpath`, `metric` and `value`.
  ///
  /// The parameter is the number of ranks `N`; a series of runs and a phase are a call path, so
  /// that each gets a model of its own.
  static func extraPLines(_ comparison: Comparison) -> [String] {
    comparison.series.flatMap { series in
      let root = "\(series.kind.rawValue) scaling, \(series.label)"
      return series.points.flatMap { point in
        zip(point.cell.runs, point.cell.measures).flatMap { run, measures in
          let phases = StepHistory.Phase.allCases.map { phase in
            (phase == .step ? root : "\(root)->\(phase)", "seconds", measures.seconds(phase))
          }
          let bytes = (root, "bytesSent", measures.bytesSent * Double(run.parameters))
          return (phases + [bytes]).filter(\.2.isFinite).map { path, metric, value in
            JSONValue.object([
              .init("params", .object([.init("N", .integer(run.ranks))])),
              .init("callpath", .string(path)), .init("metric", .string(metric)),
              .init("value", .number(value)),
            ]).text
          }
        }
      }
    }
  }
}

/// Why Extra-P would have nothing to fit.
struct NoScaling: Error, CustomStringConvertible {
  let paths: [String]

  var description: String {
    "\(paths.joined(separator: ", ")): expected the same work at two or more numbers of ranks, "
      + "found none; Extra-P fits best from five on"
  }
}
