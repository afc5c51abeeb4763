import Foundation
import Plots

/// What was found of several claims, and how it is shown.
struct Report {
  /// What was found of one claim.
  struct Entry {
    let claim: Claim
    let finding: Finding
    /// How long it took.
    let seconds: Double
  }

  /// The number of ranks that ran it.
  let ranks: Int
  /// Whether this is the rank that prints and writes.
  let isFirstRank: Bool
  /// The seed of the runs.
  let seed: UInt64 = 1
  /// The claims, in the order in which they were run.
  var entries: [Entry] = []

  /// Whether every claim holds.
  var holds: Bool { entries.allSatisfy(\.finding.holds) }

  /// What is said at the end.
  var summary: String {
    let failed = entries.filter { !$0.finding.holds }
    let seconds = entries.map(\.seconds).reduce(0, +)
    let verdict =
      failed.isEmpty
      ? "all \(entries.count) claims hold"
      : "\(failed.count) of \(entries.count) claims fail: "
        + failed.map(\.claim.name).joined(separator: ", ")
    return "\(verdict) (\(number(seconds)) s on \(ranks) rank\(ranks == 1 ? "" : "s"))"
  }
}

extension Report.Entry {
  /// The verdict as users read it.
  var verdict: String { finding.holds ? "holds" : "FAILS" }

  /// The table of the claim for a terminal.
  var lines: [String] {
    let rows = finding.measurements
    let what = rows.map(\.what.count).max() ?? 0
    let expected = rows.map(\.expectation.text.count).max() ?? 0
    let head =
      "\(claim.label) \(claim.name): \(verdict), \(finding.metCount) of \(rows.count) as expected, "
      + "\(String(format: "%.1f", seconds)) s"
    return [head]
      + rows.map {
        "  \($0.holds ? "ok   " : "WRONG") \(filled($0.what, what))  "
          + "\(filled($0.expectation.text, expected))  \($0.text)"
      }
  }
}

/// A text with blanks behind it, so many columns wide.
func filled(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(width - text.count, 0))
}
