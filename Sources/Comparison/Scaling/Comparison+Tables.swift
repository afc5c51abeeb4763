import Plots
import RunLog

extension Comparison {
  /// Every configuration with its figures.
  var cellTable: Table {
    var table = Table(
      "configurations", "Configurations (median ± the largest deviation of a repetition)",
      [
        Table.Column("label", "runs"), .init("ranks", "N"), .init("batch", "batch"),
        .init("repetitions", "n"), .init("stepSeconds", "step ms", scale: 1e3),
        .init("samplesPerSecond", "samples/s"), .init("voteWaitShare", "wait %", scale: 100),
        .init("bytesSentPerParameter", "B/param sent"),
        .init("bytesReceivedPerParameter", "B/param received"), .init("finalLoss", "final loss"),
        .init("accuracy", "accuracy %", scale: 100),
      ])
    for cell in cells {
      table.rows.append([
        .text(label(of: cell)), .count(cell.ranks), .count(optional: cell.batch),
        .count(cell.runs.count), .spread(optional: cell.stepSeconds),
        .spread(optional: cell.spread(\.samplesPerSecond)),
        .spread(optional: cell.spread { $0.seconds(.voteWait) / $0.stepSeconds }),
        .spread(optional: cell.spread(\.bytesSent)),
        .spread(optional: cell.spread(\.bytesReceived)),
        .spread(optional: cell.spread(\.finalLoss)), .spread(optional: cell.spread(\.accuracy)),
      ])
      table.notes += notes(on: cell)
    }
    let modelled = cells.filter { $0.ranks > 1 && $0.runs.contains(where: \.areBytesModelled) }.map(
      label)
    for label in Set(modelled).sorted() {
      table.notes.append("\(label): bytes are those of the usual algorithm, not counted")
    }
    if cells.contains(where: { $0.runs.count < 3 }) {
      table.notes.append("fewer than 3 repetitions tell little of the spread")
    }
    return table
  }

  private func notes(on cell: Cell) -> [String] {
    var notes: [String] = []
    let name = "\(label(of: cell)) N = \(cell.ranks)"
    let hosts = Set(cell.runs.map { $0["hosts"]?.plainText ?? "" })
    if hosts.count > 1 { notes.append("\(name): the repetitions ran on different hosts") }
    let lengths = Set(cell.runs.compactMap { $0.steps.last?.step })
    if lengths.count > 1 {
      notes.append(
        "\(name): the repetitions have \(lengths.sorted().map(String.init).joined(separator: ", ")) "
          + "steps: their final losses are of different training")
    }
    let resumed = cell.runs.count { $0.resumed > 0 }
    if resumed > 0 { notes.append("\(name): \(resumed) went on from a checkpoint") }
    return notes
  }

  /// One series of numbers of ranks.
  func scalingTable(_ series: ScalingSeries) -> Table {
    let isStrong = series.kind == .strong
    let batch =
      isStrong
      ? "\(series.base.globalBatch ?? 0) samples a step over all ranks"
      : series.base.batch.map { "\($0) samples a step and rank" } ?? "fixed work a rank"
    var table = Table(
      series.kind.rawValue + "Scaling",
      "\(isStrong ? "Strong" : "Weak") scaling: \(series.label); \(batch); "
        + "base N = \(series.base.ranks) (\(series.base.place))",
      [
        .init("series", "series"), .init("ranks", "N"), .init("batch", "batch"),
        .init("repetitions", "n"),
        .init("stepSeconds", "step ms", scale: 1e3), .init("speedUp", "speed-up"),
        .init("idealSpeedUp", "ideal"), .init("efficiency", "efficiency %", scale: 100),
        .init("flag", ""), .init("lossAtEqualSamples", "loss at equal samples"),
      ])
    let cells = series.points.map(\.cell)
    let samples = cells.flatMap(\.runs).compactMap { $0.steps.last?.samples }.min() ?? 0
    for point in series.points {
      let cell = point.cell
      table.rows.append([
        .text(series.label), .count(cell.ranks), .count(optional: cell.batch),
        .count(cell.runs.count),
        .spread(optional: cell.stepSeconds), .spread(point.speedUp),
        .number(Double(cell.ranks) / Double(series.base.ranks)), .spread(point.efficiency),
        point.isSuperLinear && cell.ranks > series.base.ranks ? .flag("super-linear") : .none,
        .spread(optional: Spread(cell.runs.map { $0.loss(atSamples: samples) })),
      ])
    }
    if series.points.contains(where: { $0.isSuperLinear && $0.cell.ranks > series.base.ranks }) {
      table.notes.append(
        "better than ideal: the work of a rank may fit its cache now, or the base ran badly")
    }
    if isStrong, cells.contains(where: { $0.batch != series.base.batch }), !series.base.averages {
      table.notes.append(
        "a smaller batch a rank changes the signs: compare the losses (training loss after "
          + "\(number(samples)) samples)")
    }
    table.notes += series.differences.map { "runs of this series differ in more than ranks: \($0)" }
    let counts = Dictionary(grouping: cells, by: \.ranks).filter { $0.value.count > 1 }
    for ranks in counts.keys.sorted() {
      table.notes.append(
        "N = \(ranks) has \(counts[ranks]?.count ?? 0) rows: they are not averaged")
    }
    return table
  }

  /// Methods at equal work, against the fp32 mean where it was run.
  var sideBySide: Table? {
    var table = Table(
      "sideBySide", "Side by side: the same work by other routes, codings, algorithms",
      [
        .init("work", "work"), .init("ranks", "N"), .init("batch", "batch"),
        .init("method", "method"),
        .init("stepSeconds", "step ms", scale: 1e3), .init("ratio", "x faster"),
        .init("voteWaitSeconds", "wait ms", scale: 1e3), .init("waitRatio", "wait x shorter"),
        .init("bytesSentPerParameter", "B/param sent"),
        .init("bytesReceivedPerParameter", "B/param received"), .init("reference", "than"),
      ])
    table.groupingColumns = 3
    for group in comparable where group.count > 1 {
      let reference = group.first(where: \.averages) ?? group[0]
      let names = Varied(group, among: \.method).telling
      func name(_ cell: Cell) -> String {
        cell.method.filter { names.contains($0.name) }.map { ScalingSeries.short($0.name, $0.text) }
          .joined(separator: ", ")
      }
      for cell in group {
        let work = cell.workload.filter { telling.contains($0.name) }
          .map { ScalingSeries.short($0.name, $0.text) }.joined(separator: ", ")
        let wait = { (cell: Cell) in cell.spread { $0.seconds(.voteWait) } }
        func ratio(_ figure: (Cell) -> Spread?) -> Table.Value {
          guard let one = figure(reference), let other = figure(cell), other.median > 0 else {
            return .none
          }
          return .spread(one / other)
        }
        table.rows.append([
          .text(work), .count(cell.ranks), .count(optional: cell.batch), .text(name(cell)),
          .spread(optional: cell.stepSeconds), ratio(\.stepSeconds), .spread(optional: wait(cell)),
          ratio(wait), .spread(optional: cell.spread(\.bytesSent)),
          .spread(optional: cell.spread(\.bytesReceived)), .text(name(reference)),
        ])
      }
      let others = Varied(group, among: \.circumstances).lines
      table.notes += others.map { "N = \(group[0].ranks): the methods differ in more: \($0)" }
    }
    table.notes = table.notes.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    return table.rows.isEmpty ? nil : table
  }

  /// Cells of equal work and ranks; those that differ in circumstances only are apart.
  private var comparable: [[Cell]] {
    var groups: [[Cell]] = []
    for cell in cells where cell.ranks > 1 {
      let place = groups.firstIndex { group in
        group[0].ranks == cell.ranks && group[0].batch == cell.batch
          && group[0].workload == cell.workload
          && !group.contains { $0.method == cell.method }
      }
      if let place { groups[place].append(cell) } else { groups.append([cell]) }
    }
    return groups.sorted { $0[0].ranks < $1[0].ranks }
  }

  /// Where the time of a step goes.
  var phaseTable: Table {
    var table = Table(
      "phases", "Phases of a step (over ranks and steps; imbalance is p95 over median)",
      [
        .init("label", "runs"), .init("ranks", "N"), .init("batch", "batch"),
        .init("phase", "phase"),
        .init("medianSeconds", "median ms", scale: 1e3), .init("p95Seconds", "p95 ms", scale: 1e3),
        .init("maximumSeconds", "maximum ms", scale: 1e3), .init("share", "share %", scale: 100),
        .init("imbalance", "imbalance"),
      ])
    table.groupingColumns = 3
    let names = ["step", "gradient", "pack", "vote wait", "apply", "other"]
    for cell in cells {
      for (place, name) in names.enumerated() {
        let median = cell.spread { $0.phases[place].median }
        let share = cell.spread { $0.phases[place].median / $0.stepSeconds }
        let imbalance = cell.spread { measures in
          let phase = measures.phases[place]
          return phase.median > 0 ? phase.p95 / phase.median : nil
        }
        table.rows.append([
          .text(label(of: cell)), .count(cell.ranks), .count(optional: cell.batch), .text(name),
          .spread(optional: median),
          .spread(optional: cell.spread { $0.phases[place].p95 }),
          .number(
            optional: cell.measures.map { $0.phases[place].maximum }.filter(\.isFinite).max()),
          .spread(optional: share), .spread(optional: imbalance),
        ])
      }
    }
    return table
  }

  /// What each cell took to a target.
  func targetTable(_ target: Target) -> Table {
    var table = Table(
      "target", "To \(target.text) on held-out samples",
      [
        .init("label", "runs"), .init("ranks", "N"), .init("batch", "batch"),
        .init("reached", "reached"), .init("steps", "steps"), .init("seconds", "s"),
        .init("megabytesSentPerRank", "MB sent a rank"),
      ])
    for cell in cells {
      let found = cell.runs.map { $0.reached(target) }
      let count = found.count { $0 != nil }
      table.rows.append([
        .text(label(of: cell)), .count(cell.ranks), .count(optional: cell.batch),
        .text("\(count) of \(found.count)"),
        .spread(optional: Spread(found.map { $0.map { Double($0.step) } })),
        .spread(optional: Spread(found.map { $0?.seconds })),
        .spread(optional: Spread(found.map { $0.map { $0.bytes / 1e6 } })),
      ])
    }
    return table
  }
}
