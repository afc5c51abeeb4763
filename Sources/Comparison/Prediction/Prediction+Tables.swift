import Foundation
import Plots

extension Prediction {
  /// Where predictions are asked for.
  struct Question: Sendable {
    var parameters: Double
    /// Rates of the links in bits a second.
    var linkRates: [Double]
    var ranksPerNode: Int
    /// The largest number of ranks.
    var mostRanks: Int
    /// The samples of a rank in a step.
    var batch: Int?
  }

  /// The fitted coefficients.
  ///
  /// - Parameter batch: The samples of a rank whose gradient is shown.
  func modelTable(batch: Int?) -> Table {
    var table = Table(
      "models",
      "Fitted models: step = compute + gamma·d + (1 − hidden)·(alpha·messages + kappa·wire + tau·d)",
      [
        .init("method", "method"), .init("computeSeconds", "compute ms", scale: 1e3),
        .init("gammaSeconds", "gamma ns", scale: 1e9),
        .init("alphaSeconds", "alpha us", scale: 1e6),
        .init("kappa", "kappa"), .init("tauSeconds", "tau ns", scale: 1e9),
        .init("hiddenShare", "hidden %", scale: 100), .init("payload", "payload"),
        .init("fittedTo", "fitted to N"),
      ])
    for method in methods {
      let ranks = Set(method.cells.map(\.ranks)).sorted().map(String.init)
      table.rows.append([
        .text(method.name), .number(method.gradientSeconds(batch)), .number(method.gamma),
        .number(method.cost.alpha), .number(method.cost.kappa), .number(method.cost.tau),
        .number(method.hidden), .number(method.cost.payload),
        .text(ranks.joined(separator: ", ")),
      ])
    }
    table.notes = notes
    table.notes.append(
      "more than \(largestRanks) ranks were never run: read what is said of them as a direction")
    if methods.contains(where: { $0.cells.contains { $0.runs[0].linkRate == nil } }) {
      table.notes.append(
        "some logs do not tell the rate of the links (SIGNUM_LINK_GBPS): their wire counts as "
          + "infinitely fast, and at the rates below as exactly as fast as its name says")
    }
    return table
  }

  /// The largest number of ranks that was run.
  private var largestRanks: Int { methods.flatMap { $0.cells.map(\.ranks) }.max() ?? 2 }

  /// Predicted against measured on runs that were not used in the fit.
  var checkTable: Table {
    var table = Table(
      "check", "Check on runs that were not used in the fit",
      [
        .init("method", "method"), .init("ranks", "N"), .init("linkGbps", "Gbit/s"),
        .init("predictedSeconds", "predicted ms", scale: 1e3),
        .init("measuredSeconds", "measured ms", scale: 1e3), .init("error", "error %", scale: 100),
      ])
    for check in checks {
      table.rows.append([
        .text(check.method), .count(check.cell.ranks),
        .number(optional: check.cell.runs[0].linkRate.map { $0 / 1e9 }),
        .number(check.predicted), .spread(check.measured), .number(check.error),
      ])
    }
    if checks.isEmpty {
      table.notes.append("no run was left over: the error of these models is unknown")
    }
    return table
  }

  /// Step times by ranks at one rate.
  func stepTable(_ question: Question, linkRate: Double) -> Table {
    var columns: [Table.Column] = [.init("linkGbps", "Gbit/s"), .init("ranks", "N")]
    for (place, method) in methods.enumerated() {
      columns.append(.init("step\(place)Seconds", "\(method.name) ms", scale: 1e3))
    }
    columns += [.init("best", "best"), .init("efficiency", "efficiency %", scale: 100)]
    columns += [.init("speedUpOverBaseline", "vote x faster than fp32")]
    var table = Table(
      "predictions",
      "Predicted step, d = \(number(question.parameters)), \(number(linkRate / 1e9)) Gbit/s, "
        + "\(question.ranksPerNode) rank\(question.ranksPerNode == 1 ? "" : "s") a node", columns)
    var ranks = 1
    while ranks <= question.mostRanks {
      let work = Work(
        ranks: ranks, parameters: question.parameters, linkRate: linkRate,
        ranksPerNode: question.ranksPerNode, batch: question.batch)
      let seconds = methods.map { $0.seconds(work) }
      let place = seconds.indices.min { seconds[$0] < seconds[$1] } ?? 0
      var single = work
      single.ranks = 1
      let vote = fastest(work, isBaseline: false)
      let baseline = fastest(work, isBaseline: true)
      table.rows.append(
        [.number(linkRate / 1e9), .count(ranks)] + seconds.map { .number($0) } + [
          ranks == 1 ? .none : .text(methods[place].name),
          .number(methods[place].seconds(single) / seconds[place]),
          ranks == 1
            ? .none : .number(optional: vote.flatMap { vote in baseline.map { $0 / vote } }),
        ])
      ranks *= 2
    }
    if question.ranksPerNode > 1 {
      table.notes.append("within a node, what ranks send each other counts as free")
    }
    return table
  }

  private func fastest(_ work: Work, isBaseline: Bool) -> Double? {
    methods.filter { $0.isBaseline == isBaseline }.map { $0.seconds(work) }.min()
  }

  /// Up to which rate of the links the vote beats the fp32 mean, by ranks and parameters.
  func crossoverTable(_ question: Question) -> Table? {
    guard methods.contains(where: \.isBaseline), methods.contains(where: { !$0.isBaseline }) else {
      return nil
    }
    var table = Table(
      "crossover", "When the vote beats the fp32 mean, and when it loses",
      [.init("parameters", "d"), .init("ranks", "N"), .init("verdict", "the vote")])
    table.groupingColumns = 1
    for parameters in [1e4, 1e5, 1e6, 1e7, 1e8, 1e9] {
      for ranks in Set([largestRanks, 64, 1024].filter { $0 <= question.mostRanks }).sorted() {
        let work = Work(
          ranks: ranks, parameters: parameters, linkRate: 1, ranksPerNode: question.ranksPerNode)
        table.rows.append([
          .number(parameters), .count(ranks), .text(verdict(work)),
        ])
      }
    }
    return table
  }

  /// Whether the vote wins, in words, with the rates where that changes.
  private func verdict(_ work: Work) -> String {
    func wins(_ rate: Double) -> Bool {
      var work = work
      work.linkRate = rate
      return (fastest(work, isBaseline: false) ?? .infinity)
        < (fastest(work, isBaseline: true) ?? .infinity)
    }
    // A quarter of a decade is finer than the model knows.
    let rates = (0...24).map { 1e6 * pow(10, Double($0) / 4) }
    let winning = rates.filter(wins)
    guard let lowest = winning.first, let highest = winning.last else {
      return "loses at every rate from 1 Mbit/s to 1 Tbit/s"
    }
    let isAll = winning.count == rates.count
    if isAll { return "wins at every rate from 1 Mbit/s to 1 Tbit/s" }
    if lowest == rates[0] { return "wins up to about \(Self.text(highest)), loses above" }
    if highest == rates[24] { return "wins from about \(Self.text(lowest)) on, loses below" }
    return "wins from about \(Self.text(lowest)) to \(Self.text(highest)), loses beyond"
  }

  private static func text(_ rate: Double) -> String {
    rate < 1e9
      ? "\(String(format: "%.2g", rate / 1e6)) Mbit/s"
      : "\(String(format: "%.3g", rate / 1e9)) Gbit/s"
  }
}
