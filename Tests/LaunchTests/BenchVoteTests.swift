import Foundation
import Testing

extension LaunchTests {
  /// `bench vote`: each flag changes what it should.
  @Suite struct BenchVote {
    /// A row of the table, as the log has it.
    private struct Rows {
      let outcome: Outcome
      let log: [Record]

      func row(_ route: String, coding: String = "none") throws -> Record {
        let found = try log.filter {
          try $0.text("route") == route && $0.text("coding") == coding
        }
        return try #require(found.first, "no row \(route), \(coding) in \(outcome)")
      }
    }

    private static func run(
      ranks: Int = 2, _ changes: [String: String] = [:]
    ) async throws -> Rows {
      try await withTemporaryFolder { folder in
        let log = folder.appendingPathComponent("votes.jsonl")
        let flags = ["sizes": "100000", "routes": "exchange", "repetitions": "3"]
          .merging(changes) { $1 }
        let outcome = try await Program.mpirun(
          ranks, ["bench", "vote", "--log", log.path] + TrainRun.arguments(flags))
        try #require(outcome.succeeded, "\(outcome)")
        return Rows(outcome: outcome, log: try Record.read(log))
      }
    }

    @Test(arguments: [1, 2, 3])
    func table_hasARowForEachRouteAndSize(ranks: Int) async throws {
      let run = try await Self.run(
        ranks: ranks, ["routes": "allreduce,exchange,gather,dense", "sizes": "1,70001"])
      #expect(run.log.count == 10, "\(run.outcome)")
      for route in ["fp32", "allreduce", "exchange", "gather", "dense"] {
        let sizes = try run.log.filter { try $0.text("route") == route }
          .map { try $0.number("parameters") }
        #expect(sizes == [1, 70_001], "\(route)")
        #expect(run.outcome.lines.filter { $0.hasPrefix("\(route) ") }.count == 2)
      }
      for row in run.log {
        #expect(try row.number("ranks") == Double(ranks))
        #expect(try row.number("minimumSeconds") <= row.number("averageSeconds"))
        #expect(try row.number("averageSeconds") <= row.number("maximumSeconds"))
        #expect(try row.number("medianSeconds") > 0)
      }
    }

    @Test func repetitions_areCounted() async throws {
      #expect(try await Self.run(["repetitions": "5"]).row("exchange").number("repetitions") == 5)
      #expect(try await Self.run(["repetitions": "1"]).row("exchange").number("repetitions") == 1)
    }

    @Test func bytes_areThoseOfTheVote() async throws {
      // 2(N-1)/N bits, and the heads of a few messages.
      let bits = try await Self.run(ranks: 4).row("exchange").number("bitsPerParameter")
      #expect(bits > 1.5 && bits < 1.6, "\(bits)")
      let fp32 = try await Self.run(ranks: 4).row("fp32").number("bitsPerParameter")
      #expect(fp32 == 48)
    }

    @Test func exactRule_sendsTernaryVerdicts() async throws {
      let run = try await Self.run(ranks: 4, ["sign-rule": "exact"])
      let bits = try run.row("exchange").number("bitsPerParameter")
      // 3/8 of the coordinates tie: five trits a byte.
      #expect(bits > 1.9 && bits < 2.05, "\(bits)")
      #expect(run.outcome.output.contains("sign rule exact"))
    }

    @Test func coding_shortensByTheEntropyOfTheFlips() async throws {
      let flags = ["coding": "none,delta", "sizes": "1000000"]
      let seldom = try await Self.run(ranks: 4, flags.merging(["flip-rate": "0.03"]) { $1 })
      let often = try await Self.run(ranks: 4, flags.merging(["flip-rate": "0.14"]) { $1 })
      for (run, entropy) in [(seldom, 0.1944), (often, 0.5842)] {
        let coded = try run.row("exchange", coding: "delta").number("bitsPerParameter")
        #expect(coded >= 1.5 * entropy && coded < 1.5 * 1.25 * entropy, "\(coded)")
        #expect(try run.row("exchange").number("bitsPerParameter") > 1.5)
      }
    }

    @Test func linkRate_setsTheLeastTime() async throws {
      #expect(try await Self.run().row("exchange").fields["wireRatio"] is NSNull)
      let row = try await Self.run(["link-gbps": "0.5"]).row("exchange")
      // One bit each of 100,000 parameters between two ranks.
      let least = 100_000 * 1514 / 1448 / 0.5e9
      let ratio = try row.number("medianSeconds") / row.number("wireRatio")
      #expect(abs(ratio / least - 1) < 1e-9, "\(ratio)")
    }

    @Test(arguments: [
      ["--sizes", "0"], ["--sizes", "1,x"], ["--routes", "exchange,nowhere"],
      ["--coding", "zip"], ["--sign-rule", "none"], ["--flip-rate", "1.5"],
      ["--flip-rate", "nan"], ["--repetitions", "0"], ["--link-gbps", "-1"],
      ["--sizes", "4000000000000"], ["--log", "/nonexistent/votes.jsonl"],
    ])
    func badArguments_areRefusedInOneLine(arguments: [String]) async throws {
      let run = try await Program.mpirun(2, ["bench", "vote"] + arguments)
      #expect(run.wasRefused, "\(run)")
      #expect(run.lines(with: ["signum: "]).count == 1, "\(run)")
    }

    @Test func ranksWithOtherOptions_areRefused() async throws {
      let run = try await Program.mpirun([
        (1, ["bench", "vote", "--sizes", "1000"]), (1, ["bench", "vote", "--sizes", "1001"]),
      ])
      #expect(run.wasRefused && run.output.contains("differ"), "\(run)")
    }
  }
}
