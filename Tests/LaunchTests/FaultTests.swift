import Foundation
import Testing

extension LaunchTests {
  /// What a run does when a rank fails (`SIGNUM_FAULT=KIND:RANK:STEP`).
  @Suite struct Faults {
    /// Seconds within which every process must be gone.
    private static let limitSeconds = 10.0

    /// Runs with a fault on four ranks, and waits until no process of the run is left.
    ///
    /// - Returns: How the run ended, and the seconds until its last process was gone.
    private static func fail(
      _ fault: String, _ changes: [String: String] = [:]
    ) async throws -> (run: Outcome, goneAfter: Double) {
      try await withTemporaryFolder { folder in
        let log = folder.appendingPathComponent("log.jsonl").path
        let flags = try TrainRun.baseFlags().merging(["steps": "200000"]) { _, new in new }
          .merging(changes) { _, new in new }
        let start = Date()
        let run = try await Program.mpirun(
          4, ["train"] + TrainRun.arguments(flags) + ["--log", log],
          environment: ["SIGNUM_FAULT": fault], limitSeconds: 40)
        await expectNoProcess(with: log, withinSeconds: 50)
        return (run, Date().timeIntervalSince(start))
      }
    }

    @Test(arguments: ["throw", "exit", "kill"])
    func rankEnds_allEnd(kind: String) async throws {
      let (run, goneAfter) = try await Self.fail("\(kind):2:20")
      #expect(!run.succeeded, "\(run)")
      #expect(goneAfter < Self.limitSeconds, "gone after \(goneAfter) s; \(run)")
      if kind == "throw" {
        #expect(!run.lines(with: ["signum", "rank 2", "step 20"]).isEmpty, "\(run)")
      }
    }

    @Test func rankHangs_isNamed() async throws {
      let (run, goneAfter) = try await Self.fail("hang:1:20", ["collective-timeout": "3"])
      #expect(!run.succeeded, "\(run)")
      #expect(goneAfter < 3 + Self.limitSeconds, "gone after \(goneAfter) s; \(run)")
      #expect(!run.lines(with: ["signum", "step 20", "3.0 s from rank 1"]).isEmpty, "\(run)")
    }

    @Test(arguments: ["signum", "sgd"])
    func gradientNotFinite_rankAbstainsInTheTensor(algorithm: String) async throws {
      let changes = ["algorithm": algorithm, "lr": algorithm == "sgd" ? "0.1" : "0.005"]
      let run = try await TrainRun.run(
        ranks: 4, changes, environment: ["SIGNUM_FAULT": "nan-gradient:3:7"])
      let healthy = try await TrainRun.run(ranks: 4, changes)
      let events = run.records("event").filter { $0.fields["event"] as? String == "abstention" }
      try #require(events.count == 1, "\(run.log)")
      #expect(try events[0].number("step") == 7)
      #expect(try events[0].text("tensor") == "layer1.bias")
      #expect(events[0].fields["ranks"] as? [Int] == [3], "\(events[0])")
      #expect(try run.only("summary").number("accuracy") > 0.5)
      #expect(healthy.records("event").isEmpty)
    }

    /// What a rank does not send for a tensor stays in its error, with and without momentum.
    @Test(arguments: ["0", "0.9"])
    func gradientNotFinite_keepsTheErrorOfTheTensor(momentum: String) async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(
          in: folder,
          [
            "algorithm": "ef-signsgd", "lr": "0.1", "momentum": momentum, "checkpoint-every": "1",
            "keep": "9", "steps": "4", "schedule": "constant",
          ])
        let outcome = try await run.launch(fault: "nan-gradient:1:2")
        #expect(outcome.succeeded, "\(outcome)")
        // The bias of the last layer, of four classes.
        let errors = try [2, 3, 4].map { step in
          let file = run.checkpoints + "/step-0000000\(step)/rank-00001-of-00002.safetensors"
          return try #require(try Tensors(URL(fileURLWithPath: file)).values["error"]).suffix(4)
        }
        #expect(errors[0] == errors[1] && errors[1] != errors[2], "\(errors)")
      }
    }

    /// A step of many gradients is no hang, however long.
    @Test func stepLongerThanTheTimeLimit_isNoHang() async throws {
      let run = try await Program.run([
        "train", "--model", "quadratic:10:1", "--algorithm", "signum-federated", "--clients", "10",
        "--participation", "1", "--local-steps", "1", "--steps", "1", "--simulate-gradient", "180",
        "--collective-timeout", "0.4",
      ])
      #expect(run.succeeded && run.seconds > 1.8, "\(run)")
    }

    @Test func lossNotFinite_tooOften_rankIsNamed() async throws {
      let run = try await TrainRun.run(
        ranks: 4, ["max-abstentions": "5"], environment: ["SIGNUM_FAULT": "nan-loss:1:10"])
      #expect(!run.outcome.succeeded)
      #expect(
        run.outcome.lines(with: ["rank 1", "step 15", "not finite", "--max-abstentions"]).count
          == 1,
        "\(run.outcome)")
      let patient = try await TrainRun.run(
        ranks: 4, ["max-abstentions": "40"], environment: ["SIGNUM_FAULT": "nan-loss:1:10"])
      #expect(patient.outcome.succeeded, "\(patient.outcome)")
    }

    @Test func lossNotFinite_onAllRanks_endsAtTheStep() async throws {
      let run = try await TrainRun.run(ranks: 3, environment: ["SIGNUM_FAULT": "nan-loss:*:10"])
      #expect(!run.outcome.succeeded)
      #expect(
        run.outcome.lines(with: ["step 10", "not finite", "--lr"]).count == 1, "\(run.outcome)")
    }

    @Test func replicaDrifts_rankIsNamed() async throws {
      let run = try await TrainRun.run(
        ranks: 4, ["check-replicas": "5"], environment: ["SIGNUM_FAULT": "drift:2:11"])
      #expect(!run.outcome.succeeded)
      #expect(
        run.outcome.lines(with: ["step 15", "rank 2", "differ"]).count == 1, "\(run.outcome)")
    }

    @Test func replicaDrifts_withoutChecks_isSeenAtTheEnd() async throws {
      let run = try await TrainRun.run(
        ranks: 3, ["check-replicas": "0"], environment: ["SIGNUM_FAULT": "drift:2:11"])
      #expect(!run.outcome.succeeded)
      #expect(run.outcome.lines(with: ["rank 2", "differ"]).count == 1, "\(run.outcome)")
    }

    /// A momentum that only decays reaches the smallest normal number, and then votes no more.
    ///
    /// From m it takes ln(m / 2⁻¹²⁶) / ln(1 / θ) steps: 800 for the 0.048 that no momentum exceeds
    /// once the images are learnt.
    @Test(arguments: ["fair", "exact"])
    func gradientStops_allAbstainWithin800Steps(rule: String) async throws {
      let run = try await TrainRun.run(
        ["steps": "1020", "log-every": "10", "momentum": "0.9", "sign-rule": rule],
        environment: ["SIGNUM_FAULT": "zero-gradient:*:200"])
      try #require(run.outcome.succeeded, "\(run.outcome)")
      let shares = try run.records("step").map {
        (step: try $0.number("step"), share: try $0.number("abstainedShare"))
      }
      let full = try #require(shares.first { $0.share == 1 }, "\(shares)")
      #expect(full.step > 800 && full.step <= 1000, "\(full)")
      #expect(shares.filter { $0.step >= full.step }.allSatisfy { $0.share == 1 })
    }
  }
}
