import Foundation
import RunLog

extension Table {
  /// The table in Markdown.
  var markdownLines: [String] {
    func line(_ texts: [String]) -> String {
      "| " + texts.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    let used = usedColumns
    let rows = zip(rows, texts).map { row, texts in
      line(
        zip(used, texts).map { place, text in
          if case .flag = row[place] { "**\(text)**" } else { text }
        })
    }
    return [
      "", "## \(title)", "", line(used.map { columns[$0].head }), line(used.map { _ in "---" }),
    ]
      + rows + (notes.isEmpty ? [] : [""]) + notes.map { "- \($0)" }
  }

  /// The table as comma-separated values; a spread takes three columns.
  var csvLines: [String] {
    let spread = columns.indices.map { place in
      rows.contains { if case .spread = $0[place] { true } else { false } }
    }
    let head = zip(columns, spread).flatMap { column, isSpread in
      isSpread ? [column.key, column.key + "Low", column.key + "High"] : [column.key]
    }
    let lines = rows.map { row in
      zip(row, spread).flatMap { value, isSpread in Self.fields(value, isSpread: isSpread) }
        .joined(separator: ",")
    }
    return ["# \(title)", head.joined(separator: ",")] + lines + notes.map { "# \($0)" }
  }

  private static func fields(_ value: Value, isSpread: Bool) -> [String] {
    switch value {
    case .spread(let spread): return ["\(spread.median)", "\(spread.low)", "\(spread.high)"]
    case .text(let text), .flag(let text): return [csvField(text)] + (isSpread ? ["", ""] : [])
    case .count(let count): return ["\(count)"] + (isSpread ? ["", ""] : [])
    case .number(let value): return ["\(value)"] + (isSpread ? ["", ""] : [])
    case .none: return [""] + (isSpread ? ["", ""] : [])
    }
  }

  /// The table for JSON: an object a row.
  var json: JSONValue {
    .object([
      .init("title", .string(title)),
      .init("rows", .array(rows.map(json))),
      .init("notes", .array(notes.map(JSONValue.string))),
    ])
  }

  private func json(_ row: [Value]) -> JSONValue {
    var members: [JSONValue.Member] = []
    for (column, value) in zip(columns, row) {
      switch value {
      case .text(let text), .flag(let text): members.append(.init(column.key, .string(text)))
      case .count(let count): members.append(.init(column.key, .integer(count)))
      case .number(let value): members.append(.init(column.key, .number(value)))
      case .spread(let spread):
        members += [
          .init(column.key, .number(spread.median)),
          .init(column.key + "Low", .number(spread.low)),
          .init(column.key + "High", .number(spread.high)),
        ]
      case .none: break
      }
    }
    return .object(members)
  }
}

extension Table {
  /// Tables as lines in a format.
  ///
  /// - Parameters:
  ///   - type: What the object of JSON says it is.
  ///   - headline: Lines for people before the tables.
  ///   - isColored: Whether escapes of a terminal set titles and warnings apart.
  static func lines(
    of tables: [Table], as format: TableFormat, type: String, headline: [String] = [],
    isColored: Bool = false
  ) -> [String] {
    switch format {
    case .text: return headline + tables.flatMap { $0.textLines(isColored: isColored) }
    case .markdown:
      return ["# \(type.capitalized)", ""] + headline.map { "- \($0)" }
        + tables.flatMap(\.markdownLines)
    case .csv:
      return [tables.map { $0.csvLines.joined(separator: "\n") }.joined(separator: "\n\n")]
    case .json:
      var members: [JSONValue.Member] = [
        .init("type", .string(type)), .init("schemaVersion", .integer(1)),
        .init("headline", .array(headline.map(JSONValue.string))),
      ]
      // Tables of one kind stand in one array.
      let keys = tables.map(\.key).reduce(into: [String]()) {
        if !$0.contains($1) { $0.append($1) }
      }
      members += keys.map { key in
        .init(key, .array(tables.filter { $0.key == key }.map(\.json)))
      }
      return [JSONValue.object(members).text]
    }
  }
}

/// A field of comma-separated values, in quotes where it needs them (RFC 4180).
func csvField(_ text: String) -> String {
  guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
  return "\"" + text.replacing("\"", with: "\"\"") + "\""
}
