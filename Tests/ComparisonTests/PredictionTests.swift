import Foundation
import Testing

@testable import Comparison

@Suite("Predictions")
struct PredictionTests {
  /// The waits of a model that is known: latency, wire and work.
  private static func log(
    _ ranks: Int, linkGbps: Double, alpha: Double = 50e-6, kappa: Double = 1.1, tau: Double = 1e-9,
    parameters: Int = 2_000_000, mean: Bool = false
  ) throws -> SyntheticLog {
    let shape = try #require(
      mean
        ? CostModel.Shape(vote: nil, mean: "fixed") : CostModel.Shape(vote: "exchange", mean: nil))
    var cost = CostModel(shape)
    (cost.alpha, cost.kappa, cost.tau) = (alpha, kappa, tau)
    let work = Work(
      ranks: ranks, parameters: Double(parameters), linkRate: linkGbps * 1e9, ranksPerNode: 1)
    let wait = cost.seconds(work)
    return SyntheticLog(identifier: "\(ranks)-\(linkGbps)-\(mean)", ranks: ranks).with {
      $0.parameters = parameters
      $0.head["linkGbps"] = "\(linkGbps)"
      $0.waitSeconds = wait
      $0.gradientSeconds = 0.040
      $0.stepSeconds = Array(repeating: 0.040 + wait + 0.002, count: 5)
      $0.bytes = Int(cost.bytes(work).rounded())
      if mean { $0.flags = ["algorithm": "\"sgd-momentum\"", "mean": "\"fixed\""] }
    }
  }

  private func predict(_ logs: [SyntheticLog], fitUpTo: Int? = nil) throws -> Prediction {
    try withLogs(logs) { Prediction(try LogCollection([$0]), fitUpTo: fitUpTo) }
  }

  @Test func knownModel_isFound() throws {
    let logs = try [0.1, 1].flatMap { link in
      try [2, 3, 4].map { try Self.log($0, linkGbps: link) }
    }
    let method = try #require(predict(logs).methods.first)
    #expect(abs(method.cost.alpha / 50e-6 - 1) < 0.02, "\(method.cost)")
    #expect(abs(method.cost.kappa / 1.1 - 1) < 0.02 && abs(method.cost.payload - 1) < 1e-3)
    #expect(abs(method.cost.tau / 1e-9 - 1) < 0.05)
    #expect(abs(method.gradientSeconds(64) - 0.040) < 1e-6 && abs(method.gamma - 1e-9) < 1e-11)
  }

  @Test func moreRanks_arePredicted_andABrokenRunIsSeen() throws {
    var logs = try [2, 3, 4, 8].map { try Self.log($0, linkGbps: 0.1) }
    let good = try predict(logs, fitUpTo: 4)
    #expect(good.checks.count == 1 && good.checks.allSatisfy { abs($0.error) < 0.01 })
    logs[3].stepSeconds = Array(repeating: 0.2, count: 5)
    let bad = try predict(logs, fitUpTo: 4)
    #expect(bad.checks.first.map { abs($0.error) > 0.3 } == true)
    // Without a limit the most ranks are left out for the check and used for the model.
    let all = try predict(logs)
    #expect(all.checks.count == 1 && all.methods[0].cells.count == 4)
  }

  @Test func crossover_isWhereTheModelsMeet() throws {
    // The vote has 100 us of latency a message, the mean none: it loses on fast links.
    let logs =
      try [2, 3, 4].map { try Self.log($0, linkGbps: 1, alpha: 1e-4, kappa: 1, tau: 0) }
      + [2, 3, 4].map { try Self.log($0, linkGbps: 1, alpha: 0, kappa: 1, tau: 0, mean: true) }
    let question = Prediction.Question(
      parameters: 2e6, linkRates: [1e9], ranksPerNode: 1, mostRanks: 64, batch: 64)
    let table = try #require(predict(logs).crossoverTable(question))
    let verdicts = table.rows.map { table.text($0[2], table.columns[2]) }
    #expect(verdicts.contains { $0.hasPrefix("wins up to about") }, "\(verdicts)")
    #expect(try predict(Array(logs.prefix(3))).crossoverTable(question) == nil)
  }

  @Test func ranksOfANode_shareItsLink() throws {
    let cost = CostModel(try #require(CostModel.Shape(vote: "exchange", mean: nil)))
    var work = Work(ranks: 8, parameters: 1e6, linkRate: 1e9, ranksPerNode: 1)
    let apart = cost.wireSeconds(work)
    work.ranksPerNode = 4
    // Four ranks send 4/7 of their bytes over one link.
    #expect(abs(cost.wireSeconds(work) / apart - 4 * 4 / 7.0) < 1e-9)
    work.ranksPerNode = 8
    #expect(cost.wireSeconds(work) == 0)
    work.ranks = 1
    #expect(cost.seconds(work) == 0)
  }

  /// Two nodes of four ranks: three planes of counts up to four and a verdict, half of each.
  @Test func nodes_exchangeTalliesAndVerdicts() throws {
    let cost = CostModel(try #require(CostModel.Shape(vote: "hierarchical", mean: nil)))
    var work = Work(ranks: 8, parameters: 8e6, linkRate: 1e9, ranksPerNode: 4)
    let headers = 2 * CostModel.headerBytes * 4
    let node = (3 + 1) * 1e6 / 2 + headers
    #expect(abs(4 * cost.bytes(work) - node) < 1e-6)
    #expect(abs(cost.wireSeconds(work) - 8 * node * CostModel.wireFactor / 1e9) < 1e-12)
    #expect(cost.messages(work) == 3)
    // A rank a node: as `exchange` does it.
    work.ranksPerNode = 1
    let exchange = CostModel(try #require(CostModel.Shape(vote: "exchange", mean: nil)))
    #expect(abs(cost.bytes(work) / exchange.bytes(work) - 1) < 1e-12)
    // One node needs no link.
    work.ranksPerNode = 8
    #expect(cost.wireSeconds(work) == 0 && cost.bytes(work) == 0)
  }

  @Test func leastSquares_hasNoNegativeCoefficient() {
    let rows = [[1.0, 1, 0], [1, 2, 0], [1, 3, 0], [1, 4, 0]]
    let exact = nonNegativeLeastSquares(rows, [5, 7, 9, 11])
    #expect(abs(exact[0] - 3) < 1e-9 && abs(exact[1] - 2) < 1e-9 && exact[2] == 0)
    // Falling: the slope would be negative, so the mean is left.
    let falling = nonNegativeLeastSquares(rows, [4, 3, 2, 1])
    #expect(abs(falling[0] - 2.5) < 1e-9 && falling[1] == 0)
    #expect(nonNegativeLeastSquares([], []) == [])
  }
}
