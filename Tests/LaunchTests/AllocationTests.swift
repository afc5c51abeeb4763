import Foundation
import Testing

extension LaunchTests {
  /// A step after the first ones allocates nothing, but for the records of the log.
  ///
  /// Counted by a library that is loaded before the C library: what the program asks for, Swift's
  /// run-time library and Foundation included. oneDNN and MPI do as they like.
  @Suite struct Allocations {
    static let runs: [(ranks: Int, flags: [String: String?])] = [
      (1, ["model": "mlp"]), (1, ["model": "cnn", "augment": "crop:1,flip"]),
      (1, ["model": "resnet8"]), (1, ["model": "mlp", "accumulate": "2"]),
      // A layer whose input is transposed.
      (1, ["model": "mlp", "hidden": "512,256", "batch": "16"]),
      (2, ["model": "cnn", "vote": "exchange", "coding": "none"]),
      (2, ["model": "resnet8", "vote": "exchange", "coding": "delta"]),
      (2, ["model": "mlp", "vote": "exchange", "coding": "none", "hidden": "4096,64"]),
      (2, ["model": "mlp", "vote": "hierarchical"]), (2, ["model": "mlp", "vote": "allreduce"]),
      (2, ["model": "mlp", "vote": "gather", "coding": "none"]),
    ]

    static let algorithms = [
      "signum-extrapolated", "signum-stochastic", "lion", "ssvr", "ef-signsgd", "sgd", "adamw",
    ]

    @Test(arguments: algorithms)
    func steadyStepsOfAlgorithm_allocateNothing(algorithm: String) async throws {
      let voted: [String: String?] = ["vote": "exchange", "coding": "none"]
      let isMean = ["ef-signsgd", "sgd", "adamw"].contains(algorithm)
      try await expectNoGrowth(
        ranks: 2, ["algorithm": algorithm].merging(isMean ? [:] : voted) { $1 })
    }

    @Test(arguments: runs)
    func steadySteps_allocateNothing(ranks: Int, flags: [String: String?]) async throws {
      var flags = flags
      if flags["model"] != "mlp" { flags["hidden"] = .some(nil) }
      try await expectNoGrowth(ranks: ranks, flags)
    }

    /// Attention in two blocks of queries; bfloat16 where the processor has it.
    @Test(arguments: [(1, "float32"), (2, "float32"), (1, "bf16")])
    func steadyStepsOfGPT_allocateNothing(ranks: Int, type: String) async throws {
      try await withTemporaryFolder { folder in
        let text = folder.appendingPathComponent("text").path
        try String(repeating: "the quick brown fox. ", count: 400).write(
          toFile: text, atomically: true, encoding: .utf8)
        let flags: [String: String?] = [
          "model": "gpt", "hidden": nil, "layers": "1", "heads": "2", "width": "16",
          "context": "80", "data": "text:\(text)", "dtype": type, "vote": "exchange",
          "coding": "none",
        ]
        let run = try await TrainRun.run(
          ranks: ranks, flags.merging(["steps": "1", "batch": "8"]) { $1 })
        if type == "bf16", !run.outcome.succeeded {
          #expect(run.outcome.output.contains("use float32"), "\(run.outcome)")
          return
        }
        try await expectNoGrowth(ranks: ranks, flags)
      }
    }

    /// Compares two runs, which both meet the shorter batch at the end of an epoch.
    ///
    /// The last record sorts the times of all steps, which takes a few more arrays for more of them.
    private func expectNoGrowth(ranks: Int, _ flags: [String: String?]) async throws {
      let quiet: [String: String?] = [
        "log-every": "1000", "evaluate-every": "0", "check-replicas": "0", "batch": "8",
      ]
      let all = quiet.merging(flags) { $1 }
      try await withTemporaryFolder { folder in
        let library = folder.appendingPathComponent("count_allocations.so").path
        try await Self.compile(to: library)
        let few = try await allocations(library, ranks, all.merging(["steps": "80"]) { $1 })
        let many = try await allocations(library, ranks, all.merging(["steps": "200"]) { $1 })
        for (few, many) in zip(few, many) {
          #expect(few > 1000 && many - few < 60, "\(many - few) more than \(few)")
        }
      }
    }

    /// The allocations of each rank, the fewest first.
    private func allocations(
      _ library: String, _ ranks: Int, _ flags: [String: String?]
    ) async throws -> [Int] {
      let program = URL(fileURLWithPath: try Program.executable()).resolvingSymlinksInPath().path
      let run = try await TrainRun.run(
        ranks: ranks, flags,
        environment: ["LD_PRELOAD": library, "SIGNUM_COUNTED_PROGRAM": program])
      try #require(run.outcome.succeeded, "\(run.outcome)")
      let counts = run.outcome.lines.compactMap {
        $0.wholeMatch(of: /allocations (\d+)/).flatMap { Int($0.output.1) }
      }
      try #require(counts.count == ranks, "\(run.outcome)")
      return counts.sorted()
    }

    /// Compiles with the clang that comes with Swift.
    private static func compile(to library: String) async throws {
      let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Allocations/count_allocations.c").path
      let outcome = try await Program.outcome(
        of: "clang", ["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, source])
      try #require(outcome.succeeded, "\(outcome)")
    }
  }
}
