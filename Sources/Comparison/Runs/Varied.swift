/// Which facts differ over some cells.
struct Varied {
  /// The names, in the order in which they first come.
  let names: [String]
  private let cells: [Cell]

  init(_ cells: [Cell], among facts: (Cell) -> [Fact]) {
    self.cells = cells
    var values: [String: Set<String>] = [:]
    var order: [String] = []
    for cell in cells {
      for fact in facts(cell) {
        if values[fact.name] == nil { order.append(fact.name) }
        values[fact.name, default: []].insert(fact.text)
      }
    }
    // At one rank what concerns the wire is left out: that makes no difference. Elsewhere a fact
    // that only some have does.
    names = order.filter { name in
      let holders = cells.filter { $0.ranks > 1 }
      let isPartial =
        holders.contains { cell in facts(cell).contains { $0.name == name } }
        && !holders.allSatisfy { cell in facts(cell).contains { $0.name == name } }
      return values[name, default: []].count > 1 || isPartial
    }
  }

  /// The facts that name a cell: those of the method and the links, and of the others each that
  /// tells apart what those before it do not.
  var telling: [String] {
    let always = ["algorithm", "vote", "mean", "coding", "link Gbit/s"].filter(names.contains)
    var chosen = always
    for name in names where !always.contains(name) {
      let groups = Dictionary(grouping: cells) { cell in
        ["\(cell.ranks)", "\(cell.batch ?? 0)"] + chosen.map { cell.text(of: $0) ?? "" }
      }
      let isNeeded = groups.values.contains { cells in
        Set(cells.map { $0.text(of: name) }).count > 1
      }
      if isNeeded { chosen.append(name) }
    }
    return chosen
  }

  /// Each name with its values, and at which numbers of ranks each was found.
  var lines: [String] {
    names.map { name in
      var places: [(text: String, ranks: [Int])] = []
      for cell in cells {
        guard let text = cell.text(of: name) else { continue }
        if let place = places.firstIndex(where: { $0.text == text }) {
          if !places[place].ranks.contains(cell.ranks) { places[place].ranks.append(cell.ranks) }
        } else {
          places.append((text, [cell.ranks]))
        }
      }
      let values = places.map { place in
        "\(place.text) at N = \(place.ranks.sorted().map(String.init).joined(separator: ", "))"
      }
      return "\(name): \(values.joined(separator: "; "))"
    }
  }
}
