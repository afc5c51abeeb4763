import Foundation
import Testing

extension LaunchTests {
  /// `--on-failure shrink` where the MPI library has no ULFM.
  @Suite struct RankDeathWithoutULFM {
    @Test func shrink_saysWhatIsMissing() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder, ["on-failure": "shrink"])
        let outcome = try await run.launch()
        #expect(outcome.succeeded, "\(outcome)")
        let words = ["--on-failure shrink", "ULFM", "mpirun --with-ft ulfm", "last checkpoint"]
        #expect(outcome.lines(with: words).count == 1, "\(outcome)")
        let events = try run.records("event").filter { try $0.text("event") == "fallback" }
        #expect(events.count == 1, "\(events)")
        #expect(try await run.hash() == Flags.baseHash())
      }
    }

    @Test func rankDies_runEnds_andGoesOn() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder, ["on-failure": "shrink"])
        let killed = try await run.launch(fault: "kill:1:33")
        #expect(!killed.succeeded, "\(killed)")
        await expectNoProcess(with: run.checkpoints, withinSeconds: 10)
        let rest = try await run.launch()
        #expect(rest.succeeded, "\(rest)")
        #expect(try await run.hash() == Flags.baseHash())
      }
    }
  }

  /// `--on-failure shrink` under Open MPI 5, where Jobs/other-mpi.sh starts it.
  @Suite(
    .enabled("Open MPI 5 with ULFM: Jobs/other-mpi.sh runs and counts it") {
      ProcessInfo.processInfo.environment["SIGNUM_ULFM"] != nil
    })
  struct RankDeath {
    static let flags: [[String: String]] = [
      ["vote": "exchange"], ["vote": "gather", "coding": "delta"], ["vote": "allreduce"], [:],
      ["checkpoint-memory": "none"], ["algorithm": "sgd", "lr": "0.1"],
      ["algorithm": "ef-signsgd", "lr": "0.1"],
    ]

    /// Runs on four ranks, of which some are killed by SIGKILL at the start of a step.
    private static func launch(
      _ run: CheckpointedRun, victims: [Int: Int]
    ) async throws -> Outcome {
      let program = try Program.executable()
      let flags = run.flags.merging([
        "checkpoint": run.checkpoints, "log": run.log.path, "on-failure": "shrink",
      ]) { $1 }
      // Each with a fault of its own, since the ranks that are left get other numbers.
      let ranks = (0..<4).map { rank in
        ["-np", "1", "env", "SIGNUM_FAULT=" + (victims[rank].map { "kill:*:\($0)" } ?? "")]
          + [program, "train"] + TrainRun.arguments(flags)
      }
      return try await Program.outcome(
        of: "mpirun", ["--with-ft", "ulfm"] + ranks.joined(separator: [":"]), limitSeconds: 120)
    }

    @Test(arguments: flags, [0, 3])
    func rankDies_othersGoOn(flags: [String: String], victim: Int) async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder, ranks: 4, flags)
        let outcome = try await Self.launch(run, victims: [victim: 33])
        #expect(outcome.succeeded, "\(outcome)")
        await expectNoProcess(with: run.checkpoints, withinSeconds: 10)
        let deaths = try run.records("event").filter { try $0.text("event") == "rankDeath" }
        try #require(deaths.count == 1, "\(outcome)")
        #expect(deaths[0].fields["ranks"] as? [Int] == [victim], "\(deaths)")
        #expect(deaths[0].fields["hosts"] as? [String] == [ProcessInfo.processInfo.hostName])
        #expect(try deaths[0].number("step") == 33)
        #expect(!outcome.lines(with: ["rank \(victim)", "died after step 33"]).isEmpty)
        #expect(try run.records("run").map { try $0.number("ranks") } == [4, 3], "\(outcome)")
        let summary = try #require(try run.records("summary").last)
        #expect(try summary.text("exitReason") == "completed")
        #expect(try summary.number("accuracy") > 0.5, "\(summary)")
      }
    }

    /// One more while the others go on, one before there is a checkpoint.
    @Test func ranksDie_oneGoesOn() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder, ranks: 4)
        let outcome = try await Self.launch(run, victims: [1: 3, 0: 22, 3: 37])
        #expect(outcome.succeeded, "\(outcome)")
        let deaths = try run.records("event").filter { try $0.text("event") == "rankDeath" }
        #expect(deaths.map { $0.fields["ranks"] as? [Int] } == [[1], [0], [3]], "\(outcome)")
        #expect(try run.records("run").map { try $0.number("ranks") } == [4, 3, 2, 1])
        #expect(try run.records("summary").last?.number("accuracy") ?? 0 > 0.5, "\(outcome)")
      }
    }

    @Test func communicatorGivenUp_isRevoked() async throws {
      let outcome = try await Program.outcome(
        of: "mpirun",
        [
          "--with-ft", "ulfm", "-np", "3", try Program.tests(), "--testing-library",
          "swift-testing", "--no-parallel", "--filter", "^RankTests\\.RankDeathTests/",
        ], environment: ["SIGNUM_EXPECTED_RANKS": "3"])
      #expect(!outcome.lines(with: ["rank 1:", "MPI_ERR_REVOKED"]).isEmpty, "\(outcome)")
    }
  }
}
