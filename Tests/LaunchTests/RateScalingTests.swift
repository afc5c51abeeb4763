import Foundation
import Testing

extension LaunchTests {
  /// `--lr-scaling fan-in`.
  @Suite struct RateScaling {
    static let runs: [[String: String]] = [
      ["algorithm": "signum"], ["algorithm": "signum", "weight-decay": "0.5"],
      ["algorithm": "signum-extrapolated", "weight-decay": "0.5"], ["algorithm": "lion"],
      ["model": "convolution 4 3x3, relu, convolution 8 3x3, relu, flatten, dense 4"],
    ]

    /// To the bit, the verdicts taken as they come.
    @Test(arguments: runs)
    func steps_haveTheirTensorsSize(flags: [String: String]) async throws {
      let factors = flags["model"] == nil ? "[1.0, 16.0]" : "[1.0, 7.11"
      try await expectSteps(flags, count: 3, tolerance: "0", factors: factors)
    }

    /// In its first step AdamW moves all that has a gradient by the learning rate.
    @Test func firstStepOfAdamW_hasItsTensorsSize() async throws {
      try await expectSteps(
        ["algorithm": "adamw", "weight-decay": "0.5"], count: 1, tolerance: "0.02",
        factors: "[1.0, 16.0]")
    }

    private func expectSteps(
      _ changes: [String: String], count: Int, tolerance: String, factors: String
    ) async throws {
      try await withTemporaryFolder { folder in
        var flags: [String: String?] = ["schedule": "constant", "lr": "0.004", "hidden": "16,8"]
        flags.merge(["lr-scaling": "fan-in"].merging(changes) { $1 }) { $1 }
        if changes["model"] != nil { flags["hidden"] = .some(nil) }
        let files = (0...count).map { folder.appendingPathComponent("\($0).safetensors").path }
        for (step, file) in files.enumerated() {
          let run = try await TrainRun.run(
            flags.merging(["steps": "\(step)"]) { $1 }, extra: ["--save", file])
          try #require(run.outcome.succeeded, "\(run.outcome)")
          let configuration = try run.only("run").record("configuration")
          #expect(try configuration.text("lr-scaling") == "fan-in")
        }
        let decay = changes["weight-decay"] ?? "0"
        let outcome = try await Replay.python(
          "scaled_steps.py",
          ["--lr", "0.004", "--weight-decay", decay, "--tolerance", tolerance] + files)
        #expect(outcome.succeeded, "\(outcome)")
        #expect(outcome.output.contains("\(count) steps hold, factors \(factors)"), "\(outcome)")
      }
    }

    @Test func widthOf256_isTheSameRun() async throws {
      let flags = ["hidden": "256,256", "steps": "10"]
      let plain = try await TrainRun.run(flags)
      let scaled = try await TrainRun.run(flags.merging(["lr-scaling": "fan-in"]) { $1 })
      #expect(try scaled.weightHash() == plain.weightHash())
      #expect(try plain.only("run").record("configuration").fields["lr-scaling"] == nil)
    }

    /// Embeddings of places have two dimensions and never decay.
    @Test(arguments: ["signum", "ef-signsgd", "adamw"])
    func positions_doNotDecay(algorithm: String) async throws {
      try await withTemporaryFolder { folder in
        let text = folder.appendingPathComponent("text").path
        try String(repeating: "the quick brown fox. ", count: 99).write(
          toFile: text, atomically: true, encoding: .utf8)
        var files: [String] = []
        for decay in ["0", "0.5"] {
          files.append(folder.appendingPathComponent("\(decay).safetensors").path)
          let run = try await TrainRun.run(
            [
              "model": "gpt", "hidden": nil, "layers": "1", "heads": "1", "width": "8",
              "context": "16", "data": "text:\(text)", "algorithm": algorithm, "steps": "1",
              "weight-decay": decay,
            ], extra: ["--save", files[files.count - 1]])
          try #require(run.outcome.succeeded, "\(run.outcome)")
        }
        let script = """
          import sys; from safetensors.numpy import load_file
          a, b = (load_file(file) for file in sys.argv[1:])
          print([name for name in sorted(a) if (a[name] == b[name]).all() and a[name].ndim > 1])
          """
        let python = try await Program.outcome(of: Program.python(), ["-c", script] + files)
        #expect(python.lines == ["['layer0.position']"], "\(python)")
      }
    }
  }
}
