import Foundation
import RunLog
import Testing

@testable import Comparison

@Suite("Scaling")
struct ScalingTests {
  @Test func weakScaling_hasEfficiencyAgainstTheFewestRanks() throws {
    let comparison = try compare(weakLogs([1: 0.010, 2: 0.0125, 4: 0.020]))
    let series = try #require(comparison.series.first)
    #expect(comparison.series.count == 1 && series.kind == .weak && series.base.ranks == 1)
    #expect(series.points.map { ($0.efficiency.median * 1000).rounded() } == [1000, 800, 500])
    #expect(series.points.map { ($0.speedUp.median * 1000).rounded() } == [1000, 1600, 2000])
    #expect(!series.points.contains { $0.isSuperLinear })
  }

  @Test func strongScaling_dividesTheBatch() throws {
    let logs = [(1, 0.040), (2, 0.022), (4, 0.008)].map { ranks, seconds in
      SyntheticLog(identifier: "n\(ranks)", ranks: ranks, batch: 128 / ranks).with {
        $0.stepSeconds = Array(repeating: seconds, count: 5)
      }
    }
    let comparison = try compare(logs)
    let series = try #require(comparison.series.first)
    #expect(comparison.series.count == 1 && series.kind == .strong)
    #expect(series.points.map { ($0.speedUp.median * 100).rounded() } == [100, 182, 500])
    // 4 ranks are five times as fast: super-linear, and said.
    #expect(series.points.map(\.isSuperLinear) == [false, false, true])
    let table = comparison.scalingTable(series)
    #expect(table.notes.contains { $0.hasPrefix("better than ideal") })
    #expect(table.notes.contains { $0.contains("changes the signs") })
    let text = table.textLines(isColored: false).joined(separator: "\n")
    #expect(text.contains("super-linear") && text.contains("base N = 1"))
  }

  @Test func strongAndWeakRunsTogether_shareTheirBase() throws {
    var logs = weakLogs([1: 0.010, 2: 0.012])
    logs.append(SyntheticLog(identifier: "s2", ranks: 2, batch: 32))
    let kinds = try compare(logs).series.map { ($0.kind, $0.points.count) }
    #expect(kinds.count == 2 && kinds.allSatisfy { $0.1 == 2 })
    #expect(Set(kinds.map(\.0)) == [.strong, .weak])
  }

  @Test func namedBase_isTaken_andOneRunIsNoSeries() throws {
    var options = Comparison.Options()
    options.base = 2
    let series = try compare(weakLogs([1: 0.010, 2: 0.0125, 4: 0.020]), options).series
    #expect(series.first?.base.ranks == 2)
    #expect(series.first?.points.map { ($0.efficiency.median * 100).rounded() } == [125, 100, 63])
    #expect(try compare(weakLogs([4: 0.010])).series.isEmpty)
  }

  @Test func repetitions_giveMedianAndSpread_whateverTheSeed() throws {
    let logs = [0.010, 0.011, 0.013].enumerated().map { place, seconds in
      SyntheticLog(identifier: "r\(place)", ranks: 2, seed: place).with {
        $0.stepSeconds = Array(repeating: seconds, count: 5)
      }
    }
    let comparison = try compare(logs)
    #expect(comparison.cells.count == 1)
    // Times are kept as Float.
    let spread = try #require(comparison.cells[0].stepSeconds)
    #expect(abs(spread.median - 0.011) < 1e-9 && abs(spread.low - 0.010) < 1e-9)
    #expect(abs(spread.high - 0.013) < 1e-9 && spread.count == 3)
  }

  @Test func firstInterval_isWarmUp() throws {
    let cell = try #require(compare(weakLogs([2: 0.010])).cells.first)
    #expect(abs((cell.stepSeconds?.median ?? 0) - 0.010) < 1e-9)
    #expect(abs((cell.spread(\.samplesPerSecond)?.median ?? 0) - 12_800) < 1)
  }

  @Test(arguments: ["commit", "cpu", "mpiLibrary"])
  func circumstanceThatDiffersWithTheRanks_isPointedOut(name: String) throws {
    var logs = weakLogs([1: 0.010, 2: 0.012, 4: 0.014])
    for place in logs.indices { logs[place].head[name] = place == 2 ? "\"new\"" : "\"old\"" }
    let comparison = try compare(logs)
    let series = try #require(comparison.series.first)
    #expect(series.points.count == 3)
    #expect(
      comparison.scalingTable(series).notes.contains(
        "runs of this series differ in more than ranks: \(name): old at N = 1, 2; new at N = 4"))
  }

  @Test func runsThatDifferAtEqualRanks_areNeverAveraged() throws {
    var logs = weakLogs([1: 0.010, 2: 0.012])
    logs.append(
      logs[1].with {
        $0.identifier = "other"; $0.head["commit"] = "\"new\""
      })
    logs.append(
      logs[1].with {
        $0.identifier = "rate"; $0.flags["lr"] = "0.3"
      })
    let comparison = try compare(logs)
    #expect(comparison.cells.count == 4 && comparison.cells.allSatisfy { $0.runs.count == 1 })
    let series = try #require(comparison.series.first)
    let notes = comparison.scalingTable(series).notes
    #expect(notes.contains("N = 2 has 3 rows: they are not averaged"))
    #expect(notes.contains { $0.contains("lr: 0.1 at N = 1, 2; 0.3 at N = 2") })
  }

  @Test func circumstanceWithSeveralRanksEach_isASeriesOfItsOwn() throws {
    var logs = weakLogs([1: 0.010, 2: 0.012])
    logs += logs.map { log in
      log.with {
        $0.identifier += "b"; $0.flags["lr"] = "0.3"
      }
    }
    let series = try compare(logs).series
    #expect(series.map(\.label).sorted() == ["lr 0.1", "lr 0.3"])
    #expect(series.allSatisfy { $0.points.count == 2 && $0.differences.isEmpty })
  }

  @Test func oneRank_isTheBaseOfEveryRouteAndNetwork() throws {
    var logs = weakLogs([1: 0.010])
    for (vote, link) in [("exchange", "1"), ("exchange", "10"), ("gather", "1")] {
      logs.append(
        SyntheticLog(identifier: vote + link, ranks: 2).with {
          $0.flags["vote"] = "\"\(vote)\""
          $0.head["linkGbps"] = link
        })
    }
    let series = try compare(logs).series
    #expect(series.count == 3 && series.allSatisfy { $0.base.ranks == 1 })
    #expect(series.map(\.label).contains("exchange, 10 Gbit/s"))
  }

  @Test func methods_standBesideTheBaseline() throws {
    let vote = SyntheticLog(identifier: "vote", ranks: 4)
    let mean = vote.with {
      $0.identifier = "mean"
      $0.flags = ["algorithm": "\"sgd-momentum\"", "mean": "\"mpi\""]
      $0.stepSeconds = Array(repeating: 0.030, count: 5)
      $0.bytes = 6_000_000
    }
    let table = try #require(compare([vote, mean]).sideBySide)
    let json = table.json.text
    #expect(table.rows.count == 2 && json.contains("\"reference\":\"sgd-momentum, mean mpi\""))
    let lines = table.textLines(isColored: false)
    let row = try #require(lines.first { $0.contains("exchange") && $0.contains("  3 ") })
    #expect(row.contains("0.25"), "\(lines)")
  }

  @Test func target_tellsStepTimeAndBytes() throws {
    // Accuracy 0.9 · step/6 reaches 0.5 at step 4, after 0.1 + 3 · 0.01 s and 4 · 0.25 MB.
    var options = Comparison.Options()
    options.target = .accuracy(0.5)
    let comparison = try compare(weakLogs([2: 0.010]), options)
    let reached = try #require(comparison.cells[0].runs[0].reached(.accuracy(0.5)))
    #expect(reached.step == 4 && abs(reached.seconds - 0.13) < 1e-9 && reached.bytes == 1e6)
    #expect(comparison.cells[0].runs[0].reached(.accuracy(0.95)) == nil)
    #expect(comparison.cells[0].runs[0].reached(.loss(0.5))?.step == 1)
    #expect(comparison.tables.last?.title == "To accuracy 0.5 on held-out samples")
  }

  @Test func phases_sumUpWithWhatIsLeft() throws {
    let cell = try #require(compare(weakLogs([2: 0.010])).cells.first)
    let medians = cell.measures[0].phases.map { ($0.median * 1e6).rounded() }
    #expect(medians == [10_000, 5000, 0, 4000, 0, 1000])
    #expect(((cell.measures[0].phases[0].p95) * 1e6).rounded() == 15_000)
    #expect(((cell.measures[0].phases[0].maximum) * 1e6).rounded() == 20_000)
  }
}
