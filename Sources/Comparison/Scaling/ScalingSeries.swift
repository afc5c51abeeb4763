/// The same work at several numbers of ranks.
struct ScalingSeries: Sendable {
  /// What is held fixed while the ranks grow.
  enum Kind: String, Sendable {
    /// The samples of all ranks in a step.
    case strong
    /// The samples of each rank in a step.
    case weak
  }

  /// One number of ranks.
  struct Point: Sendable {
    let cell: Cell
    /// The base's step time over this one's.
    let speedUp: Spread
    /// The share of the ideal.
    let efficiency: Spread
    /// Whether even the slowest repetition is better than ideal against the fastest of the base.
    var isSuperLinear: Bool { efficiency.low > 1 }
  }

  let kind: Kind
  /// The facts that tell it from the other series.
  var label = ""
  let base: Cell
  let points: [Point]
  /// What differs in the series beside the ranks, a line each.
  let differences: [String]

  /// A series of cells of two or more numbers of ranks.
  ///
  /// - Parameter base: The number of ranks that others are compared with; the smallest when nil.
  init?(_ kind: Kind, _ cells: [Cell], base ranks: Int?) {
    let timed = cells.filter { $0.stepSeconds != nil }.sorted { $0.ranks < $1.ranks }
    guard Set(timed.map(\.ranks)).count > 1,
      let base = timed.first(where: { $0.ranks == ranks ?? timed[0].ranks }),
      let baseSeconds = base.stepSeconds
    else { return nil }
    self.kind = kind
    self.base = base
    points = timed.compactMap { cell in
      guard let seconds = cell.stepSeconds else { return nil }
      let ratio = baseSeconds / seconds
      let growth = Double(cell.ranks) / Double(base.ranks)
      // With a fixed batch per rank a step does as much more work as there are more ranks.
      let speedUp = kind == .strong ? ratio : ratio * growth
      return Point(cell: cell, speedUp: speedUp, efficiency: speedUp * (1 / growth))
    }
    differences = Varied(timed, among: \.circumstances).lines
  }

  /// The series among cells: those of one method and workload, whose batches keep either the
  /// samples of all ranks or of each rank.
  static func find(in cells: [Cell], base: Int?) -> [ScalingSeries] {
    var series: [ScalingSeries] = []
    for group in groups(of: cells) {
      for kind in [Kind.strong, .weak] {
        for part in parts(of: group, kind) {
          series += divided(part).compactMap { ScalingSeries(kind, $0, base: base) }
        }
      }
    }
    let all = Varied(series.flatMap { $0.points.map(\.cell) }, among: \.facts)
    for place in series.indices {
      series[place].label = series[place].name(by: all.telling)
    }
    return series
  }

  /// Cells by what they compute and how; one rank joins every group that it can be the base of.
  private static func groups(of cells: [Cell]) -> [[Cell]] {
    var groups: [(identity: [Fact], cells: [Cell])] = []
    let single = cells.filter { $0.ranks == 1 }
    for cell in cells where cell.ranks > 1 {
      if let place = groups.firstIndex(where: { $0.identity == cell.identity }) {
        groups[place].cells.append(cell)
      } else {
        let bases = single.filter { Set($0.identity).isSubset(of: cell.identity) }
        groups.append((cell.identity, bases + [cell]))
      }
    }
    return groups.map(\.cells)
  }

  /// The parts of a group that hold the batch fixed, within what rounding does to it.
  private static func parts(of cells: [Cell], _ kind: Kind) -> [[Cell]] {
    var parts: [(batch: Double, cells: [Cell])] = []
    for cell in cells {
      let batch = Double((kind == .strong ? cell.globalBatch : cell.batch) ?? 0)
      if kind == .strong, batch == 0 { continue }
      let slack = kind == .strong ? 0.02 * batch : 0
      if let place = parts.firstIndex(where: { abs($0.batch - batch) <= slack }) {
        parts[place].cells.append(cell)
      } else {
        parts.append((batch, [cell]))
      }
    }
    return parts.map(\.cells)
  }

  /// Cells that differ in circumstances too are series of their own where each has several numbers
  /// of ranks; else they stay together, and the differences are pointed out.
  private static func divided(_ cells: [Cell]) -> [[Cell]] {
    var parts: [(facts: [Fact], cells: [Cell])] = []
    for cell in cells {
      let facts = cell.circumstances.filter { $0.name != "placement" && $0.name != "threads" }
      if let place = parts.firstIndex(where: { $0.facts == facts }) {
        parts[place].cells.append(cell)
      } else {
        parts.append((facts, [cell]))
      }
    }
    let areSeries = parts.allSatisfy { Set($0.cells.map(\.ranks)).count > 1 }
    return areSeries ? parts.map(\.cells) : [cells]
  }

  private func name(by varied: [String]) -> String {
    let last = points[points.count - 1].cell
    let texts = varied.compactMap { name in
      differences.contains { $0.hasPrefix(name + ": ") }
        ? nil : last.text(of: name).map { Self.short(name, $0) }
    }
    return texts.isEmpty ? "all runs" : texts.joined(separator: ", ")
  }

  /// A value that names itself, or with its name before it.
  static func short(_ name: String, _ text: String) -> String {
    switch name {
    case "algorithm", "vote", "model", "data", "placement": text
    case "link Gbit/s": "\(text) Gbit/s"
    default: "\(name) \(text)"
    }
  }
}
