import Foundation
import TestSupport
import Testing

extension LaunchTests {
  /// SIGUSR1 and SIGTERM.
  @Suite struct Signals {
    /// Starts a long run, sends a signal once it has a checkpoint, and waits for its end.
    private static func stop(
      _ run: CheckpointedRun, _ signal: Int32,
      choose: @escaping @Sendable (_ ranks: [pid_t], _ launcher: pid_t) -> pid_t?
    ) async throws -> Outcome {
      let launch = Task { try await run.launch() }
      let sender = Task {
        while !run.names().contains(where: { $0.hasPrefix("step-") && $0.count == 13 }) {
          try await Task.sleep(for: .milliseconds(20))
        }
        signalOne(with: run.checkpoints, signal, choose: choose)
      }
      let outcome = try await launch.value
      sender.cancel()
      await expectNoProcess(with: run.checkpoints, withinSeconds: 10)
      return outcome
    }

    @Test(arguments: ["one rank, USR1", "one rank, TERM", "mpirun, USR1"])
    func signal_stopsAllAtOneStep_andTheRestIsTheSame(way: String) async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(
          in: folder, ranks: 3, ["steps": "30000", "evaluate-every": "1"])
        let number = way.contains("USR1") ? SIGUSR1 : SIGTERM
        let outcome = try await Self.stop(run, number) { ranks, launcher in
          way.hasPrefix("mpirun") ? launcher : ranks.last
        }
        #expect(outcome.ending == .exited(85), "\(outcome)")
        #expect(outcome.lines(with: ["came to", "the run stops here"]).count == 1, "\(outcome)")
        let summary = try #require(try run.records("summary").last)
        #expect(try summary.text("exitReason") == "stopped")
        let step = Int(try summary.number("steps"))
        let name = "step-" + String(repeating: "0", count: 8 - "\(step)".count) + "\(step)"
        #expect(run.names().contains(name), "\(run.names())")
        #expect(step > 5 && step < 30000)
        let evaluated = try run.records("evaluation").map { Int(try $0.number("step")) }
        #expect(evaluated == Array(1...step), "the last one too")
        let rest = try await run.launch(fault: "kill:0:\(step)")
        #expect(!rest.lines(with: ["resumed from step \(step),"]).isEmpty, "\(rest)")
      }
    }

    @Test func secondSignal_endsAtOnce() async throws {
      try await withTemporaryFolder { folder in
        // The hanging rank keeps the others from the step at which all would stop.
        let run = try CheckpointedRun(
          in: folder, ranks: 2, ["steps": "30000", "collective-timeout": "60"])
        let launch = Task { try await run.launch(fault: "hang:1:40") }
        while run.names().count < 3 { try await Task.sleep(for: .milliseconds(20)) }
        try await Task.sleep(for: .milliseconds(500))
        let first = { (ranks: [pid_t], _: pid_t) in ranks.first }
        signalOne(with: run.checkpoints, SIGTERM, choose: first)
        try await Task.sleep(for: .milliseconds(1300))
        signalOne(with: run.checkpoints, SIGTERM, choose: first)
        let outcome = try await launch.value
        #expect(!outcome.succeeded && outcome.seconds < 30, "\(outcome)")
        await expectNoProcess(with: run.checkpoints, withinSeconds: 10)
      }
    }

    @Test func withoutCheckpoints_aSignalEndsTheRun() async throws {
      try await withTemporaryFolder { folder in
        let log = folder.appendingPathComponent("log.jsonl").path
        let flags = try TrainRun.baseFlags().merging(["steps": "200000"]) { $1 }
        let launch = Task {
          try await Program.mpirun(
            2, ["train"] + TrainRun.arguments(flags) + ["--log", log], limitSeconds: 40)
        }
        while !FileManager.default.fileExists(atPath: log) {
          try await Task.sleep(for: .milliseconds(20))
        }
        try await Task.sleep(for: .milliseconds(300))
        signalOne(with: log, SIGTERM) { ranks, _ in ranks.first }
        let outcome = try await launch.value
        #expect(!outcome.succeeded && outcome.seconds < 30, "\(outcome)")
      }
    }
  }
}
