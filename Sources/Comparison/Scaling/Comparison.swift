import Plots
import RunLog

/// Runs side by side: what was varied and what it did.
public struct Comparison: Sendable {
  /// What to look for.
  public struct Options: Sendable {
    /// The number of ranks that others are compared with; the smallest of a series when nil.
    public var base: Int?
    /// What runs should reach.
    public var target: Target?

    /// The defaults.
    public init() {}
  }

  let collection: LogCollection
  let options: Options
  /// The runs, repetitions together.
  let cells: [Cell]
  /// The same work at several numbers of ranks.
  let series: [ScalingSeries]
  /// What differs over all cells, beside the ranks.
  let varied: Varied
  /// The names of the facts that name a cell.
  let telling: [String]

  /// Compares runs.
  public init(_ collection: LogCollection, _ options: Options) {
    self.collection = collection
    self.options = options
    cells = Cell.group(collection.runs).sorted(by: Self.isBefore)
    series = ScalingSeries.find(in: cells, base: options.base)
    varied = Varied(cells, among: \.facts)
    telling = varied.telling
  }

  private static func isBefore(_ left: Cell, _ right: Cell) -> Bool {
    if (left.ranks == 1) != (right.ranks == 1) { return left.ranks == 1 }
    let (one, other) = (left.identity.map(\.text), right.identity.map(\.text))
    if one != other { return one.lexicographicallyPrecedes(other) }
    return (left.batch ?? 0, left.ranks) < (right.batch ?? 0, right.ranks)
  }

  /// What tells a cell from the others, in few words.
  func label(of cell: Cell) -> String {
    let texts = telling.compactMap { name in
      cell.text(of: name).map { ScalingSeries.short(name, $0) }
    }
    return texts.joined(separator: ", ")
  }

  /// The tables in the order in which they are read.
  var tables: [Table] {
    var tables = [cellTable]
    tables += series.map(scalingTable)
    if let table = sideBySide { tables.append(table) }
    tables.append(phaseTable)
    if let target = options.target { tables.append(targetTable(target)) }
    return tables
  }

  /// What was compared, in a few lines.
  var headline: [String] {
    let runs = collection.runs.count
    var lines = [
      "\(runs) run\(runs == 1 ? "" : "s") in \(collection.files) "
        + "file\(collection.files == 1 ? "" : "s"), "
        + "\(cells.count) configuration\(cells.count == 1 ? "" : "s")"
    ]
    let ranks = Set(cells.map(\.ranks)).sorted()
    if ranks.count > 1 {
      lines.append("varied  ranks: \(ranks.map(String.init).joined(separator: ", "))")
    }
    let batches = Set(cells.compactMap(\.batch)).sorted()
    if batches.count > 1 {
      lines.append("varied  batch a rank: \(batches.map(String.init).joined(separator: ", "))")
    }
    lines += varied.lines.map { "varied  \($0)" }
    return lines
  }
}
