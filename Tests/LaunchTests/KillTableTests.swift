import Foundation
import TestSupport
import Testing

extension LaunchTests {
  /// Runs that are killed at any moment, and then go on.
  ///
  /// `SIGNUM_KILLS` is the number of random kills, 11 without it; 200 take some minutes:
  ///
  ///     SIGNUM_KILLS=200 swift test --filter KillTable
  @Suite struct KillTable {
    /// A kind of run.
    struct Kind: Sendable {
      let name: String
      let flags: [String: String]
    }

    static let kinds = [
      Kind(name: "signum", flags: [:]),
      Kind(name: "signsgd", flags: ["algorithm": "signsgd", "vote": "allreduce"]),
      Kind(name: "signum-extrapolated", flags: ["algorithm": "signum-extrapolated"]),
      Kind(name: "signum-stochastic", flags: ["algorithm": "signum-stochastic"]),
      Kind(
        name: "signum-federated",
        flags: ["algorithm": "signum-federated", "clients": "5", "participation": "0.5"]),
      Kind(name: "ef-signsgd", flags: ["algorithm": "ef-signsgd"]),
      Kind(name: "lion", flags: ["algorithm": "lion", "coding": "delta"]),
      Kind(name: "ssvr", flags: ["algorithm": "ssvr", "checkpoint-memory": "none"]),
      Kind(name: "sgd", flags: ["algorithm": "sgd"]),
      Kind(name: "sgd-momentum", flags: ["algorithm": "sgd-momentum", "vote": ""]),
      Kind(name: "adamw", flags: ["algorithm": "adamw", "checkpoint-memory": "none"]),
    ]

    static let steps = 200
    private static let interval = 7

    /// What came of one kill.
    private struct Row {
      var kind = ""
      var signal = ""
      var target = ""
      var ending = ""
      var from = 0
      var sameHash = false
      var leftovers = 0
    }

    private static func makeRun(_ kind: Kind, in folder: URL) throws -> CheckpointedRun {
      let flags = kind.flags.filter { !$0.value.isEmpty }.merging([
        "steps": "\(steps)", "checkpoint-every": "\(interval)", "log-every": "100",
        "evaluate-every": "0",
      ]) { $1 }
      return try CheckpointedRun(in: folder, ranks: 3, flags)
    }

    /// Hash and seconds of an unbroken run.
    private static func unbroken(_ kind: Kind) async throws -> (hash: String, seconds: Double) {
      try await withTemporaryFolder { folder in
        let run = try makeRun(kind, in: folder)
        let outcome = try await run.launch()
        #expect(outcome.succeeded, "\(outcome)")
        return (try run.hash(), outcome.seconds)
      }
    }

    /// Kills a run once, lets it go on to its end.
    private static func killOnce(
      _ kind: Kind, signal: Int32, hash: String, seconds: Double, _ dice: inout Dice
    ) async throws -> Row {
      let delay = seconds * (0.15 + Double(dice.roll(1000)) / 1000)
      let victim = dice.roll(4)
      return try await withTemporaryFolder { folder in
        var row = Row()
        row.kind = kind.name
        row.signal = [SIGKILL: "KILL", SIGTERM: "TERM", SIGUSR1: "USR1"][signal] ?? ""
        let run = try makeRun(kind, in: folder)
        let killer = Task {
          try await Task.sleep(for: .seconds(delay))
          signalOne(with: run.checkpoints, signal) { ranks, launcher in
            victim < ranks.count ? ranks[victim] : launcher
          }
        }
        row.target = victim < 3 ? "rank \(victim)" : "mpirun"
        // Open MPI 4 may wait for ever for ranks that are gone (seen once in some dozens of kills).
        let killed = try await run.launch(limitSeconds: 40)
        killer.cancel()
        row.ending = "\(killed.ending)"
        await expectNoProcess(with: run.checkpoints, withinSeconds: 10)
        let rest = try await run.launch()
        #expect(rest.succeeded, "\(row): \(rest)")
        #expect(rest.lines(with: ["is not used"]).isEmpty, "half written and yet named: \(rest)")
        row.sameHash = (try? run.hash()) == hash
        let resumed = try run.records("event").last { $0.fields["event"] as? String == "resume" }
        row.from = Int(try resumed?.number("step") ?? 0)
        row.leftovers = run.names().filter { $0.contains("partial") }.count
        return row
      }
    }

    @Test func killedAtAnyMoment_theRunIsTheSame() async throws {
      let count = ProcessInfo.processInfo.environment["SIGNUM_KILLS"].flatMap(Int.init) ?? 11
      var references: [String: (hash: String, seconds: Double)] = [:]
      for kind in Self.kinds { references[kind.name] = try await Self.unbroken(kind) }
      var dice = Dice(seed: 7)
      var rows: [Row] = []
      for number in 0..<count {
        let kind = Self.kinds[number % Self.kinds.count]
        let signal = [SIGKILL, SIGKILL, SIGTERM, SIGUSR1][dice.roll(4)]
        let reference = try #require(references[kind.name])
        let row = try await Self.killOnce(
          kind, signal: signal, hash: reference.hash, seconds: reference.seconds, &dice)
        #expect(row.sameHash && row.leftovers == 0, "\(row)")
        Swift.print(
          "kill \(number + 1)/\(count): \(row.kind), \(row.signal) to \(row.target): \(row.ending), "
            + "resumed from \(row.from), \(row.sameHash ? "same hash" : "ANOTHER HASH")")
        rows.append(row)
      }
      Self.print(rows)
    }

    private static func print(_ rows: [Row]) {
      func columns(_ cells: [String]) -> String {
        zip(cells, [20, 6, 6, 6, 8, 9, 10, 12]).map { cell, width in
          cell.padding(toLength: width, withPad: " ", startingAt: 0)
        }.joined()
      }
      Swift.print(
        columns(["algorithm", "kills", "KILL", "TERM", "USR1", "resumed", "same hash", "left over"])
      )
      for kind in kinds.map(\.name) + ["all"] {
        let own = rows.filter { kind == "all" || $0.kind == kind }
        let counts = ["KILL", "TERM", "USR1"].map { signal in own.count { $0.signal == signal } }
        Swift.print(
          columns(
            [kind, "\(own.count)"] + counts.map(String.init) + [
              "\(own.count { $0.from > 0 })", "\(own.count(where: \.sameHash))",
              "\(own.reduce(0) { $0 + $1.leftovers })",
            ]))
      }
      let endings = Dictionary(grouping: rows, by: \.ending).mapValues(\.count)
      Swift.print("endings of the killed launches:", endings.sorted { $0.key < $1.key })
    }

    /// Kills inside a checkpoint and inside a step.
    @Test(arguments: [
      "checkpoint-write:1", "checkpoint-write:9", "checkpoint-fsync:2", "checkpoint-fsync:6",
      "checkpoint-manifest:1", "checkpoint-manifest:3", "checkpoint-rename:1",
      "checkpoint-rename:3", "checkpoint-remove:1", "checkpoint-remove:4", "kill-packed:1:20",
      "kill-packed:*:21", "kill-applied:0:20", "kill-applied:2:14",
    ])
    func killedInsideACheckpointOrStep_theRunIsTheSame(fault: String) async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder, ranks: 3)
        let killed = try await run.launch(fault: fault)
        #expect(!killed.succeeded, "\(fault) struck nobody: \(killed)")
        await expectNoProcess(with: run.checkpoints, withinSeconds: 10)
        let rest = try await run.launch()
        #expect(rest.succeeded, "\(rest)")
        #expect(rest.lines(with: ["is not used"]).isEmpty, "\(rest)")
        #expect(try await run.hash() == run.unbrokenHash())
        #expect(!run.names().contains { $0.contains("partial") }, "\(run.names())")
      }
    }
  }
}
