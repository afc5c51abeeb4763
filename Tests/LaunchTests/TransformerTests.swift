import Foundation
import Testing

extension LaunchTests {
  /// Training of a GPT on a text, evaluation and generation.
  @Suite struct Transformers {
    /// A run on a text that repeats itself, of 8,640 bytes.
    private static func train(
      in folder: URL, ranks: Int = 2, _ changes: [String: String] = [:], extra: [String] = []
    ) async throws -> TrainRun {
      let file = folder.appendingPathComponent("text").path
      let line = "the quick brown fox jumps over the lazy dog, then sleeps all day.\n"
      let text = (0..<130).map { "\($0) \(line)" }.joined()
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      let flags = [
        "model": "gpt", "layers": "1", "heads": "2", "width": "32", "context": "16",
        "data": "text:\(file)", "batch": "8", "lr": "0.003", "steps": "60",
      ]
      var all: [String: String?] = flags.merging(changes) { $1 }
      all["hidden"] = .some(nil)
      return try await TrainRun.run(ranks: ranks, all, extra: extra)
    }

    @Test func loss_fallsAndIsInTheLog() async throws {
      try await withTemporaryFolder { folder in
        let run = try await Self.train(in: folder)
        _ = try run.weightHash()
        let evaluation = try #require(run.records("evaluation").last)
        let loss = try evaluation.number("loss")
        #expect(loss < 3.2 && loss > 0.1, "\(run.outcome)")
        #expect(abs(try evaluation.number("perplexity") - exp(loss)) < 1e-6)
        #expect(run.outcome.output.contains("nats per byte, perplexity"), "\(run.outcome)")
        let configuration = try run.only("run").record("configuration")
        #expect(try configuration.number("context") == 16)
        #expect(try configuration.truth("tie") == false)
      }
    }

    @Test func routes_haveOneHash() async throws {
      try await withTemporaryFolder { folder in
        var hashes: [String] = []
        for route in ["exchange", "hierarchical", "gather", "allreduce"] {
          let run = try await Self.train(
            in: folder, ["vote": route, "dropout": "0.1", "steps": "12"])
          hashes.append(try run.weightHash())
        }
        #expect(Set(hashes).count == 1, "\(hashes)")
        let other = try await Self.train(in: folder, ["vote": "exchange", "steps": "12"])
        #expect(try other.weightHash() != hashes[0], "drop-out changes nothing")
      }
    }

    /// All windows of a text of one letter are the same: what differs is what was dropped.
    @Test func partsOfABatch_dropOtherNumbers() async throws {
      try await withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("letters").path
        try String(repeating: "a", count: 4000).write(
          toFile: file, atomically: true, encoding: .utf8)
        var losses: [String: [Double]] = [:]
        for dropout in ["0", "0.5"] {
          for parts in ["1", "2"] {
            let run = try await Self.train(
              in: folder, ranks: 1,
              [
                "data": "text:\(file)", "batch": "1", "accumulate": parts, "dropout": dropout,
                "steps": "1", "log-every": "1",
              ])
            try #require(run.outcome.succeeded, "\(run.outcome)")
            losses[dropout, default: []].append(try run.only("step").number("loss"))
          }
        }
        let (kept, dropped) = (try #require(losses["0"]), try #require(losses["0.5"]))
        #expect(abs(kept[0] - kept[1]) < 1e-6 && abs(dropped[0] - dropped[1]) > 1e-4, "\(losses)")
      }
    }

    @Test(arguments: [[], ["--tie"]])
    func savedWeights_areEvaluatedAndGenerateTheSameText(extra: [String]) async throws {
      try await withTemporaryFolder { folder in
        let weights = folder.appendingPathComponent("weights.safetensors").path
        let run = try await Self.train(in: folder, extra: extra + ["--save", weights])
        let loss = try #require(run.outcome.lines(with: ["test loss"]).last)
        let data = "text:" + folder.appendingPathComponent("text").path
        let evaluation = try await Program.mpirun(2, ["evaluate", weights, "--data", data])
        #expect(evaluation.lines.contains(loss), "\(evaluation), not \(loss)")

        func text(_ flags: String...) async throws -> String {
          let flags = ["--prompt", "the ", "--length", "40"] + flags
          let run = try await Program.run(["generate", weights] + flags)
          #expect(run.succeeded && run.output.hasPrefix("the "), "\(run)")
          return run.output
        }
        let first = try await text()
        #expect(try await text() == first)
        #expect(try await text("--seed", "2") != first)
        #expect(try await text("--temperature", "0") == text("--temperature", "0", "--seed", "2"))
        let missing = try await Program.run(["generate", weights + ".missing"])
        #expect(missing.wasRefused && missing.lines.count == 1, "\(missing)")
      }
    }

    @Test func badFlags_areOneLine() async throws {
      try await withTemporaryFolder { folder in
        let cases: [([String: String], [String])] = [
          (["heads": "3"], ["--width 32", "--heads 3", "multiple"]),
          (["context": "9000"], ["context of 9000 bytes", "smaller --context"]),
          (["data": "fashion-mnist"], ["--data bible or text:FILE"]),
          (["model": "logistic"], ["belong to --model gpt"]), (["dropout": "1"], ["[0, 1)"]),
        ]
        for (changes, words) in cases {
          let run = try await Self.train(in: folder, changes)
          #expect(run.outcome.wasRefused, "\(run.outcome)")
          #expect(run.outcome.lines(with: words).count == 1, "\(words) in \(run.outcome)")
        }
      }
    }
  }
}
