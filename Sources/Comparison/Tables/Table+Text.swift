import Foundation

extension Table {
  /// The table in columns.
  ///
  /// - Parameter isColored: Whether escapes of a terminal set the title and the flags apart.
  func textLines(isColored: Bool) -> [String] {
    let used = usedColumns
    let cells = texts
    let heads = used.map { columns[$0].head }
    let widths = heads.indices.map { place in
      (cells.map { $0[place].count } + [heads[place].count]).max() ?? 0
    }
    let isLeft = used.map { place in
      rows.allSatisfy {
        switch $0[place] {
        case .text, .flag, .none: true
        default: false
        }
      }
    }
    func line(_ texts: [String], flags: [Bool]) -> String {
      var line = ""
      for (place, text) in texts.enumerated() {
        let blanks = String(repeating: " ", count: widths[place] - text.count)
        let shown = isColored && flags[place] ? "\u{1B}[1;33m\(text)\u{1B}[0m" : text
        line += (place > 0 ? "  " : "") + (isLeft[place] ? shown + blanks : blanks + shown)
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
    let none = [Bool](repeating: false, count: used.count)
    let head = line(heads, flags: none)
    return ["", isColored ? "\u{1B}[1m\(title)\u{1B}[0m" : title, "  " + head]
      + zip(rows, cells).map { row, texts in
        "  "
          + line(
            texts, flags: used.map { if case .flag = row[$0] { true } else { false } })
      }
      + notes.map { "  " + (isColored ? "\u{1B}[33m! \($0)\u{1B}[0m" : "! \($0)") }
  }
}
