import Foundation
import TestSupport
import Testing

extension LaunchTests {
  /// Logistic regression on full batches against replays in numpy, which know only definitions.
  @Suite struct Replay {
    @Test func replays_holdByThemselves() async throws {
      let data = try TestData.shared.get().sparse
      let outcome = try await Self.python("check_replays.py", [data])
      #expect(outcome.succeeded && outcome.output.contains("checks hold"), "\(outcome)")
    }

    @Test(arguments: 1...5)
    func dense_equalsNumpy(ranks: Int) async throws {
      let outcome = try await Self.replay(["algorithm": "signum"], ranks: ranks, dense: true)
      #expect(outcome.succeeded && outcome.output.contains("equal: 16 parameters"), "\(outcome)")
    }

    @Test(arguments: 1...5)
    func sparse_equalsNumpy(ranks: Int) async throws {
      try await Self.expectEqual(["algorithm": "signum"], ranks: ranks)
    }

    @Test func anotherMomentum_isSeen() async throws {
      let outcome = try await Self.replay(
        ["algorithm": "signum"], ranks: 3, replayed: ["momentum": "0.8"])
      #expect(outcome.ending == .exited(1) && outcome.output.contains("differ"), "\(outcome)")
    }

    static let votes: [[String: String]] = [
      ["algorithm": "signsgd"],
      ["algorithm": "signum", "sign-rule": "fair"],
      ["algorithm": "signum", "schedule": "paper", "lr": "0.5"],
      ["algorithm": "signum-extrapolated"],
      ["algorithm": "signum-extrapolated", "schedule": "paper", "lr": "0.5"],
      ["algorithm": "signum-extrapolated", "schedule": "cosine"],
      ["algorithm": "signum-extrapolated", "weight-decay": "0.5"],
      ["algorithm": "signum-stochastic"],
      ["algorithm": "signum-stochastic", "radius": "0.05", "sign-rule": "fair"],
      ["algorithm": "lion"],
      ["algorithm": "lion", "momentum": "0.95", "interpolation": "0.5", "weight-decay": "0.5"],
      ["algorithm": "ssvr"],
      ["algorithm": "ssvr", "momentum": "0.5", "radius": "max"],
    ]

    @Test(arguments: votes)
    func vote_equalsNumpyBitForBit(flags: [String: String]) async throws {
      try await Self.expectEqual(flags, ranks: 4)
    }

    @Test(arguments: ["signum-extrapolated", "signum-stochastic", "lion", "ssvr"])
    func oneNode_equalsNumpyBitForBit(algorithm: String) async throws {
      try await Self.expectEqual(["algorithm": algorithm], ranks: 1)
    }

    static let federated: [[String: String]] = [
      ["participation": "1", "local-steps": "3", "local-lr": "0.5"],
      ["participation": "0.4", "local-steps": "3", "local-lr": "0.5", "sign-rule": "fair"],
      ["participation": "0.4", "local-steps": "1", "radius": "max", "sign-rule": "fair"],
      [
        "clients": "13", "participation": "0.3", "local-steps": "2", "local-lr": "0.2",
        "radius": "0.05", "momentum": "0.5",
      ],
    ]

    @Test(arguments: federated)
    func federatedVote_equalsNumpyBitForBit(flags: [String: String]) async throws {
      try await Self.expectEqual(
        ["algorithm": "signum-federated", "clients": "12", "partition": "shared"]
          .merging(flags) { $1 }, ranks: 3)
    }

    @Test(arguments: ["invert", "random", "collude", "freeze"])
    func adversaries_equalNumpyBitForBit(attack: String) async throws {
      try await Self.expectEqual(
        ["algorithm": "signum", "adversaries": "0.4", "attack": attack], ranks: 7)
    }

    static let averages: [(flags: [String: String], ranks: Int)] = [
      (["algorithm": "ef-signsgd", "lr": "0.1"], 1),
      (["algorithm": "ef-signsgd", "lr": "0.1"], 3),
      (["algorithm": "ef-signsgd", "lr": "0.1", "momentum": "0.9", "weight-decay": "0.5"], 3),
      (["algorithm": "sgd", "lr": "0.5", "weight-decay": "0.01"], 3),
      (["algorithm": "sgd-momentum", "lr": "0.1", "weight-decay": "0.01"], 3),
      (["algorithm": "adamw", "lr": "0.01"], 1),
      (["algorithm": "adamw", "lr": "0.01", "momentum": "0.5", "weight-decay": "0.5"], 3),
    ]

    @Test(arguments: averages)
    func average_isNearNumpy(flags: [String: String], ranks: Int) async throws {
      try await Self.expectEqual(flags, ranks: ranks, tolerance: "1e-6")
    }

    @Test func federatedAverage_isNearNumpy() async throws {
      try await Self.expectEqual(
        [
          "algorithm": "sgd", "clients": "12", "participation": "0.4", "local-steps": "3",
          "local-lr": "0.1", "partition": "shared", "lr": "0.3",
        ], ranks: 2, tolerance: "1e-6")
    }
  }
}

extension LaunchTests.Replay {
  /// Trains on the sparse data and expects the parameters of the replay, to the bit if not said
  /// otherwise: means of floats may be summed in another order.
  private static func expectEqual(
    _ flags: [String: String], ranks: Int, tolerance: String = "0"
  ) async throws {
    let outcome = try await replay(flags, ranks: ranks, tolerance: tolerance)
    #expect(outcome.succeeded && outcome.output.contains("equal: 205 parameters"), "\(outcome)")
  }

  /// Trains and replays with these flags, and those that only the replay gets.
  private static func replay(
    _ flags: [String: String], ranks: Int, dense: Bool = false, tolerance: String = "0",
    replayed: [String: String] = [:]
  ) async throws -> Outcome {
    let data = try TestData.shared.get()
    return try await withTemporaryFolder { folder in
      var all = [
        "model": "logistic", "data": "libsvm:\(dense ? data.dense : data.sparse)",
        "batch": "full", "schedule": "constant", "steps": "50", "lr": "0.03", "threads": "1",
        "save": folder.appendingPathComponent("weights.safetensors").path,
      ].merging(flags) { $1 }
      if tolerance == "0", all["sign-rule"] == nil { all["sign-rule"] = "exact" }
      let run = try await Program.mpirun(ranks, ["train"] + TrainRun.arguments(all))
      try #require(run.succeeded, "\(run)")
      return try await python(
        "replay.py",
        ["--ranks", String(ranks), "--tolerance", tolerance]
          + TrainRun.arguments(all.merging(replayed) { $1 }))
    }
  }

  /// Runs one of the scripts.
  static func python(_ script: String, _ arguments: [String]) async throws -> Outcome {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Replay/" + script).path
    return try await Program.outcome(of: Program.python(), ["-B", path] + arguments)
  }
}
