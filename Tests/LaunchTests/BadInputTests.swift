import Foundation
import Testing

extension LaunchTests {
  /// What cannot be used ends all ranks with one line that says what to do.
  @Suite struct BadInput {
    @Test(arguments: BadInputCase.flags)
    func flag_isRefusedInOneLine(_ input: BadInputCase) async throws { try await Self.check(input) }

    /// By one process alone: that ranks speak once is seen with the flags above, and takes longer.
    @Test(arguments: BadInputCase.options)
    func option_isRefusedInOneLine(_ input: BadInputCase) async throws {
      try await withTemporaryFolder { folder in
        let arguments = try await input.arguments(folder)
        Self.expectRefusal(try await Program.run(["train"] + arguments), words: input.words)
      }
    }

    @Test(arguments: BadInputCase.files)
    func file_isRefusedInOneLine(_ input: BadInputCase) async throws { try await Self.check(input) }

    @Test(arguments: BadInputCase.configurations)
    func configuration_isRefusedInOneLine(_ input: BadInputCase) async throws {
      try await Self.check(input)
    }

    /// What every refusal has in common.
    static func check(_ input: BadInputCase) async throws {
      try await withTemporaryFolder { folder in
        let arguments = try await input.arguments(folder)
        let run = try await Program.mpirun(3, ["train"] + arguments, limitSeconds: 30)
        expectRefusal(run, words: input.words)
      }
    }

    static func expectRefusal(_ run: Outcome, words: [String], times: Int = 1) {
      #expect(run.wasRefused, "\(run)")
      let found = run.lines(with: words)
      #expect(found.count == times, "expected \(words); \(run)")
      let crash = ["Fatal error", "signal", "core dumped", "time limit"]
      for word in crash { #expect(!run.output.contains(word), "\(run)") }
    }

    @Test(arguments: 0..<8)
    func flag_isRefusedEveryTime(_: Int) async throws {
      let run = try await Program.mpirun(4, ["train", "--batch", "0"], limitSeconds: 30)
      Self.expectRefusal(run, words: ["--batch", "found '0'"])
    }

    @Test func data_missingOnSomeRanks_allEnd() async throws {
      let flags = try TrainRun.baseFlags()
      let missing = flags.merging(["data": "idx:/nowhere/at-all"]) { _, new in new }
      let run = try await Program.mpirun(
        [
          (2, ["train"] + TrainRun.arguments(flags)), (1, ["train"] + TrainRun.arguments(missing)),
        ], limitSeconds: 30)
      Self.expectRefusal(run, words: ["/nowhere/at-all", "rank 2"])
    }

    @Test func options_differBetweenRanks_ranksAreNamed() async throws {
      let flags = try TrainRun.baseFlags()
      let other = flags.merging(["lr": "0.25"]) { _, new in new }
      let run = try await Program.mpirun(
        [
          (1, ["train"] + TrainRun.arguments(flags)), (2, ["train"] + TrainRun.arguments(other)),
        ], limitSeconds: 30)
      Self.expectRefusal(run, words: ["ranks 1, 2", "0.25", "same options"])
    }

    /// Nodes differ in cores and ranks, so threads do too; only the votes are shared.
    @Test func threads_mayDifferBetweenRanks() async throws {
      let flags = try TrainRun.baseFlags()
      let other = flags.merging(["threads": "2"]) { _, new in new }
      let run = try await Program.mpirun(
        [
          (1, ["train"] + TrainRun.arguments(flags.merging(["threads": "1"]) { _, new in new })),
          (1, ["train"] + TrainRun.arguments(other)),
        ], limitSeconds: 30)
      #expect(run.succeeded, "\(run)")
    }

    @Test func data_differBetweenRanks_ranksAreNamed() async throws {
      let flags = try TrainRun.baseFlags()
      try await withTemporaryFolder { folder in
        try Images(count: 300, classes: 4, seed: 9).write(to: folder, "train")
        try Images(count: 200, classes: 4, seed: 2).write(to: folder, "t10k")
        let other = flags.merging(["data": "idx:\(folder.path)"]) { _, new in new }
        let run = try await Program.mpirun(
          [
            (2, ["train"] + TrainRun.arguments(flags)), (1, ["train"] + TrainRun.arguments(other)),
          ], limitSeconds: 30)
        Self.expectRefusal(run, words: ["rank 2", "same options and data"])
      }
    }

    /// Each of N processes would train alone if it believed MPI, which knows of no launcher.
    @Test(arguments: [["OMPI_COMM_WORLD_SIZE": "4"], ["SLURM_NTASKS": "4"]])
    func singletons_areRefused(environment: [String: String]) async throws {
      let run = try await Program.run(
        ["train"] + TrainRun.arguments(TrainRun.baseFlags()), environment: environment)
      #expect(run.wasRefused, "\(run)")
      let launch = environment.keys.contains("SLURM_NTASKS") ? "srun --mpi=pmix" : "mpirun -np 4"
      #expect(run.lines(with: [launch]).count == 1, "\(run)")
    }
  }
}

/// Arguments that cannot be used, and the words that say so.
struct BadInputCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let words: [String]
  /// The flags of `train`, whose files may be written into the folder.
  let arguments: @Sendable (URL) async throws -> [String]

  init(
    _ name: String, says words: [String],
    _ arguments: @escaping @Sendable (URL) async throws -> [String]
  ) {
    testDescription = name
    self.words = words
    self.arguments = arguments
  }

  /// The base run with other flags.
  init(_ changes: KeyValuePairs<String, String>, says words: [String]) {
    self.init(changes.map { $0 }, says: words)
  }

  /// The base run with other flags, of which later ones win.
  init(_ changed: [(key: String, value: String)], says words: [String]) {
    self.init(
      changed.map { "--\($0.key) \($0.value)" }.joined(separator: " "), says: words
    ) { _ in
      var flags = try TrainRun.baseFlags()
      if changed.contains(where: { $0.key == "epochs" }) {
        flags["steps"] = nil
      }
      for (flag, value) in changed { flags[flag] = value }
      return TrainRun.arguments(flags)
    }
  }
}
