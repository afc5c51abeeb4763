import Foundation
import TestSupport
import Testing

extension LaunchTests {
  /// Logistic regression on full batches against a replay in numpy, which knows only definitions.
  @Suite struct Replay {
    private static let steps = 50
    private static let rate = "0.01"

    /// Trains, and replays with the θ given.
    private static func replay(_ data: String, ranks: Int, theta: String) async throws -> Outcome {
      let python = try Program.python()
      return try await withTemporaryFolder { folder in
        let weights = folder.appendingPathComponent("weights.safetensors").path
        let run = try await Program.mpirun(
          ranks,
          [
            "train", "--model", "logistic", "--data", "libsvm:\(data)", "--batch", "full",
            "--sign-rule", "exact", "--schedule", "constant", "--steps", String(steps), "--lr",
            rate, "--momentum", "0.9", "--threads", "1", "--save", weights,
          ])
        try #require(run.succeeded, "\(run)")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
          .appendingPathComponent("Replay/replay_logistic.py").path
        return try await Program.outcome(
          of: python, [script, data, String(ranks), String(steps), rate, theta, weights])
      }
    }

    @Test(arguments: 1...5)
    func dense_equalsNumpy(ranks: Int) async throws {
      let outcome = try await Self.replay(TestData.shared.get().dense, ranks: ranks, theta: "0.9")
      #expect(outcome.succeeded && outcome.output.contains("equal: 16 parameters"), "\(outcome)")
    }

    @Test(arguments: 1...5)
    func sparse_equalsNumpy(ranks: Int) async throws {
      let outcome = try await Self.replay(TestData.shared.get().sparse, ranks: ranks, theta: "0.9")
      #expect(outcome.succeeded && outcome.output.contains("equal: 205 parameters"), "\(outcome)")
    }

    @Test func anotherMomentum_isSeen() async throws {
      let outcome = try await Self.replay(TestData.shared.get().sparse, ranks: 3, theta: "0.8")
      #expect(outcome.ending == .exited(1) && outcome.output.contains("differ"), "\(outcome)")
    }
  }
}
