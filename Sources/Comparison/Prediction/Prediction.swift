import Plots
import RunLog

/// What a step costs at numbers of ranks that were not run, by a model fitted to those that were.
///
/// Step = compute + gamma · parameters + (1 − hidden) · vote. Compute is the gradient's median,
/// gamma · parameters is packing, applying and the rest, the vote is a `CostModel`. The batch of a
/// rank is fixed, as in weak scaling.
struct Prediction: Sendable {
  /// One way to exchange gradients.
  struct Method: Sendable {
    let name: String
    /// Whether fp32 gradients are averaged: the baseline.
    let isBaseline: Bool
    /// Seconds of the gradient, by the samples of a rank.
    let compute: [(batch: Int?, seconds: Double)]
    /// Seconds for a parameter of packing and applying.
    let gamma: Double
    /// The share of a vote's bytes that were on their way while the gradient was computed.
    let hidden: Double
    let cost: CostModel
    /// The cells that it was fitted to.
    let cells: [Cell]

    /// Seconds of a step.
    func seconds(_ work: Work) -> Double {
      gradientSeconds(work.batch) + gamma * work.parameters + (1 - hidden) * cost.seconds(work)
    }

    /// Seconds of a gradient: of the runs with this batch, or in proportion to the largest one.
    func gradientSeconds(_ batch: Int?) -> Double {
      if let same = compute.first(where: { $0.batch == batch }) { return same.seconds }
      guard let largest = compute.max(by: { $0.batch ?? 0 < $1.batch ?? 0 }) else { return 0 }
      return largest.seconds * Double(batch ?? 1) / Double(largest.batch ?? 1)
    }
  }

  /// A run that was not used in the fit.
  struct Check: Sendable {
    let method: String
    let cell: Cell
    let predicted: Double
    let measured: Spread
    /// The error relative to what was measured.
    var error: Double { predicted / measured.median - 1 }
  }

  let methods: [Method]
  let checks: [Check]
  /// What could not be used, a line each.
  let notes: [String]

  /// Fits a model to each method.
  ///
  /// - Parameters:
  ///   - limit: Runs of more ranks are the check; nil to hold the most ranks of each method out for
  ///     the check, and then to fit all.
  init(_ collection: LogCollection, fitUpTo limit: Int?) {
    let cells = Cell.group(collection.runs).filter { $0.stepSeconds != nil }
    var groups: [(name: String, cells: [Cell])] = []
    let varied = Varied(cells, among: \.method).names
    for cell in cells {
      let name = cell.method.filter {
        varied.contains($0.name) || $0.name == "vote" || $0.name == "mean"
      }
      .map { ScalingSeries.short($0.name, $0.text) }.joined(separator: ", ")
      if cell.ranks == 1 { continue }
      if let place = groups.firstIndex(where: { $0.name == name }) {
        groups[place].cells.append(cell)
      } else {
        groups.append((name, [cell]))
      }
    }
    var methods: [Method] = []
    var checks: [Check] = []
    var notes: [String] = []
    for group in groups {
      let most = group.cells.map(\.ranks).max() ?? 0
      let fitted = group.cells.filter { $0.ranks <= limit ?? most }
      let trial = limit == nil ? group.cells.filter { $0.ranks < most } : fitted
      if let method = Method(group.name, trial, collection.votes) {
        checks += group.cells.filter { cell in !trial.contains { $0.place == cell.place } }
          .compactMap { Check(method, $0) }
      }
      guard let method = Method(group.name, fitted, collection.votes) else {
        notes.append("\(group.name): no model of it, or no run of 2 or more ranks to fit")
        continue
      }
      methods.append(method)
    }
    self.methods = methods
    self.checks = checks
    self.notes = notes
  }
}

extension Prediction.Check {
  fileprivate init?(_ method: Prediction.Method, _ cell: Cell) {
    guard let measured = cell.stepSeconds else { return nil }
    self.init(
      method: method.name, cell: cell, predicted: method.seconds(Work(cell)), measured: measured)
  }
}

extension Work {
  /// The work of a step of some runs.
  init(_ cell: Cell) {
    let run = cell.runs[0]
    self.init(
      ranks: cell.ranks, parameters: Double(cell.parameters),
      linkRate: run.linkRate ?? .infinity, ranksPerNode: run.ranksOnANode, batch: cell.batch)
  }
}

extension LoggedRun {
  /// The ranks that share a link; 1 where it is not logged.
  fileprivate var ranksOnANode: Int {
    guard case .array(let counts)? = self["ranksPerNode"] else { return 1 }
    let ranks = counts.compactMap { if case .integer(let count) = $0 { count } else { nil } }
    return max(ranks.max() ?? 1, 1)
  }
}

extension Prediction.Method {
  /// A model of some cells of one method; nil where it has no shape or there is nothing to fit.
  fileprivate init?(_ name: String, _ cells: [Cell], _ votes: [VoteTiming]) {
    guard let first = cells.first,
      let shape = CostModel.Shape(
        vote: first.text(of: "vote"), mean: first.text(of: "mean"))
    else { return nil }
    var cost = CostModel(shape)
    let payloads = cells.compactMap { cell in
      cell.spread(\.bytesSent).flatMap { (sent) -> Double? in
        let modelled = cost.bytes(Work(cell))
        return modelled > 0 ? sent.median * Double(cell.parameters) / modelled : nil
      }
    }
    if !payloads.isEmpty { cost.payload = payloads.median }
    // What was on its way while computing was hidden; the rest of the vote was waited for.
    let hiddenShares = cells.compactMap { $0.spread(\.hiddenShare)?.median }
    let hidden = hiddenShares.isEmpty ? 0 : hiddenShares.median
    let waits = cells.compactMap { cell in
      cell.spread { $0.seconds(.voteWait) / (1 - min($0.hiddenShare ?? 0, 0.99)) }
        .map { (work: Work(cell), seconds: $0.median) }
    }
    // Votes timed by themselves are waited for wholly.
    let own = votes.filter { $0.route == first.text(of: "vote") && first.text(of: "mean") == nil }
      .map { (work: Work($0), seconds: $0.seconds) }
    let samples = (waits + own).filter { $0.seconds > 0 }
    guard !samples.isEmpty else { return nil }
    cost.fit(samples)
    self.hidden = hidden
    self.name = name
    isBaseline = first.averages
    self.cost = cost
    self.cells = cells
    compute = Dictionary(grouping: cells, by: \.batch).map { batch, cells in
      (batch, cells.compactMap { $0.spread { $0.seconds(.gradient) }?.median }.median)
    }
    gamma =
      cells.compactMap { cell in
        cell.spread { $0.stepSeconds - $0.seconds(.gradient) - $0.seconds(.voteWait) }
          .map { max($0.median, 0) / Double(cell.parameters) }
      }.median
  }
}

extension Work {
  fileprivate init(_ vote: VoteTiming) {
    self.init(
      ranks: vote.ranks, parameters: Double(vote.parameters),
      linkRate: vote.linkGbps.map { $0 * 1e9 } ?? .infinity)
  }
}
