import Foundation
import Testing

extension LaunchTests {
  /// `--config run.yaml`.
  @Suite struct Configuration {
    /// The flags of `train`, as its help lists them.
    private static func listedFlags() async throws -> Set<String> {
      let help = try await Program.run(["train", "--help"])
      try #require(help.succeeded, "\(help)")
      let flags = help.lines.compactMap { $0.firstMatch(of: /^  (?:-\w, )?--([a-z-]+)/) }
        .map { String($0.output.1) }
      return Set(flags).subtracting(["config", "help", "version"])
    }

    @Test func listedFlags_areThoseOfTheAgreement() async throws {
      let agreed: Set = [
        "algorithm", "model", "hidden", "data", "batch", "epochs", "steps", "lr", "schedule",
        "momentum", "weight-decay", "sign-rule", "vote", "mean", "seed", "threads",
        "evaluate-every", "validation", "check-replicas", "max-abstentions", "collective-timeout",
        "log", "log-every", "save", "interpolation", "radius", "clip", "clients", "participation",
        "local-steps", "local-lr", "partition", "adversaries", "attack", "simulate-gradient",
        "coding", "checkpoint", "checkpoint-every", "keep", "checkpoint-memory", "resume",
        "resume-strict", "on-failure", "augment", "describe-model", "accumulate", "stop-at",
        "start-from",
        "label-smoothing", "layers", "heads", "width", "context", "tie", "dropout",
        "lr-scaling", "dtype",
      ]
      #expect(try await Self.listedFlags() == agreed)
    }

    @Test func everyFlag_isAKey_andNothingElse() async throws {
      try await withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("run.yaml")
        for flag in try await Self.listedFlags().union(["config", "help", "version", "Batch"]) {
          try "\(flag): 1\n".write(to: file, atomically: true, encoding: .utf8)
          let run = try await Program.run(["train", "--config", file.path, "--model", "nonsense"])
          #expect(run.wasRefused, "\(flag): \(run)")
          let isKey = !run.output.contains("no flag '\(flag)'")
          #expect(isKey != ["config", "help", "version", "Batch"].contains(flag), "\(run)")
        }
      }
    }

    @Test func file_equalsTheSameFlags_andFlagsWin() async throws {
      try await withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("run.yaml")
        let images = try TestData.shared.get().images
        let text = """
          # a run
          model: mlp
          hidden: [16]
          data: "idx:\(images)"
          batch: 16
          steps: 40
          lr: 5.0e-3
          threads: 1
          """
        try text.write(to: file, atomically: true, encoding: .utf8)
        func hash(_ flags: [String]) async throws -> String {
          let log = folder.appendingPathComponent(UUID().uuidString)
          let outcome = try await Program.mpirun(2, ["train"] + flags + ["--log", log.path])
          return try TrainRun(outcome: outcome, log: Record.read(log)).weightHash()
        }
        #expect(try await hash(["--config", file.path]) == (await Flags.baseHash()))
        #expect(try await hash(["--config=\(file.path)"]) == (await Flags.baseHash()))
        let other = try await TrainRun.run(["steps": "41"]).weightHash()
        #expect(try await hash(["--steps", "41", "--config", file.path]) == other)
        #expect(try await hash(["--config", file.path, "--steps", "41"]) == other)
        let rate = try await TrainRun.run(["lr": "0.006"]).weightHash()
        #expect(try await hash(["--config", file.path, "--lr", "0.006"]) == rate)
        #expect(try await hash(["--lr=0.006", "--config", file.path]) == rate)
        let epoch = try await TrainRun.run(["steps": nil, "epochs": "1"]).weightHash()
        #expect(try await hash(["--config", file.path, "--epochs", "1"]) == epoch)
      }
    }

    @Test func layers_areAListOrAText() async throws {
      try await withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("run.yaml")
        let text = """
          model:
          - convolution 4 3x3 padding 1
          - relu
          - residual [convolution 4 3x3 padding 1, relu]
          - maximum pooling 2x2
          - flatten
          - dense 4
          """
        try text.write(to: file, atomically: true, encoding: .utf8)
        let changes: [String: String?] = ["model": nil, "hidden": nil]
        let fromFile = try await TrainRun.run(changes, extra: ["--config", file.path])
        let layers = text.split(separator: "\n- ").dropFirst().joined(separator: ", ")
        let fromText = try await TrainRun.run(["model": layers, "hidden": nil])
        #expect(try fromFile.weightHash() == fromText.weightHash())
        #expect(try fromFile.only("summary").number("accuracy") > 0.5)
        let model = try fromFile.only("run").record("configuration").text("model")
        #expect(model == layers)
      }
    }
  }
}
