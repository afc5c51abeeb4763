import Foundation
import Plots

/// Rows of values under heads with units, for people and for programs alike.
struct Table: Sendable {
  /// A column.
  struct Column: Sendable {
    /// The name in CSV and JSON, with its unit.
    let key: String
    /// The head for people.
    let head: String
    /// What a value is multiplied by for people, who read milliseconds where programs read seconds.
    var scale = 1.0

    init(_ key: String, _ head: String, scale: Double = 1) {
      self.key = key
      self.head = head
      self.scale = scale
    }
  }

  /// A value.
  enum Value: Sendable {
    case text(String)
    case count(Int)
    case number(Double)
    case spread(Spread)
    /// A warning, in colour on a terminal.
    case flag(String)
    case none

    static func spread(optional spread: Spread?) -> Value { spread.map(Value.spread) ?? .none }
    static func number(optional value: Double?) -> Value { value.map(Value.number) ?? .none }
    static func count(optional value: Int?) -> Value { value.map(Value.count) ?? .none }
  }

  /// The name in JSON.
  let key: String
  /// The title for people.
  let title: String
  let columns: [Column]
  /// The number of leading columns that people read only where they change.
  var groupingColumns = 0
  var rows: [[Value]] = []
  /// What a reader has to know of the rows, a line each.
  var notes: [String] = []

  init(_ key: String, _ title: String, _ columns: [Column]) {
    self.key = key
    self.title = title
    self.columns = columns
  }

  /// A row's value as people read it.
  func text(_ value: Value, _ column: Column) -> String {
    switch value {
    case .text(let text), .flag(let text): return text
    case .count(let count): return String(count)
    case .number(let value): return number(value * column.scale)
    case .spread(let spread):
      let middle = number(spread.median * column.scale)
      let deviation = max(spread.high - spread.median, spread.median - spread.low)
      guard spread.count > 1, deviation > 0, spread.median != 0 else { return middle }
      return middle + String(format: " ±%.1f %%", 100 * deviation / abs(spread.median))
    case .none: return ""
    }
  }

  /// The texts of all rows in the used columns, without what the row above says too.
  var texts: [[String]] {
    let used = usedColumns
    let all = rows.map { row in used.map { text(row[$0], columns[$0]) } }
    return all.indices.map { place in
      guard place > 0 else { return all[place] }
      let same = used.indices.prefix {
        used[$0] < groupingColumns && all[place][$0] == all[place - 1][$0]
      }
      // A change in a leading column shows the others beside it too.
      let isWhole = same.count == used.count { $0 < groupingColumns }
      return all[place].indices.map { isWhole && same.contains($0) ? "" : all[place][$0] }
    }
  }

  /// The columns in which some row has a value.
  var usedColumns: [Int] {
    columns.indices.filter { place in
      rows.contains { if case .none = $0[place] { false } else { true } }
    }
  }
}

/// How tables are written (`--format`).
public enum TableFormat: String, CaseIterable, Sendable {
  /// Columns for a terminal.
  case text
  /// Tables of Markdown.
  case markdown
  /// Comma-separated values, a table under a comment line with its title.
  case csv
  /// One object.
  case json
}
