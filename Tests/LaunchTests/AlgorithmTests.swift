import Foundation
import Testing

extension LaunchTests {
  /// What must hold between algorithms, by the hash of the final parameters.
  @Suite struct Algorithms {
    /// The hash after training the base run's network.
    private static func hash(
      ranks: Int = 2, _ changes: [String: String?]
    ) async throws -> String {
      try await TrainRun.run(ranks: ranks, changes).weightHash()
    }

    @Test(arguments: ["signum-extrapolated", "ssvr"])
    func momentumZero_isSignSGD(algorithm: String) async throws {
      let zero = try await Self.hash(["algorithm": algorithm, "momentum": "0"])
      #expect(try await Self.hash(["algorithm": "signsgd"]) == zero)
    }

    /// The gradient at the point before takes a batch a second time.
    @Test func ssvr_movesRunningStatisticsOnceAStep() async throws {
      var losses: [Double] = []
      for algorithm in ["signsgd", "ssvr"] {
        let run = try await TrainRun.run([
          "model": "resnet8", "hidden": nil, "steps": "6", "algorithm": algorithm,
          "momentum": algorithm == "ssvr" ? "0" : nil,
        ])
        _ = try run.weightHash()
        losses.append(try run.only("summary").number("finalLoss"))
      }
      #expect(losses[0] == losses[1])
    }

    @Test func lion_withOneBeta_isSignum() async throws {
      let lion = try await Self.hash([
        "algorithm": "lion", "momentum": "0.75", "interpolation": "0.75",
      ])
      #expect(try await Self.hash(["momentum": "0.75"]) == lion)
    }

    @Test func federated_allClientsOneStep_isTheVote() async throws {
      // Client c of C holds the part of the training set that rank c of N = C takes.
      let vote = ["batch": "full", "steps": "20"]
      let federated = vote.merging([
        "algorithm": "signum-federated", "clients": "2", "participation": "1", "local-steps": "1",
        "partition": "shared",
      ]) { $1 }
      #expect(try await Self.hash(vote) == Self.hash(federated))
      let stochastic = try await Self.hash(
        vote.merging(["algorithm": "signum-stochastic"]) { $1 })
      #expect(try await Self.hash(federated.merging(["radius": "max"]) { $1 }) == stochastic)
    }

    @Test(arguments: [
      (["participation": "1", "local-steps": "3"], 1...5),
      (["participation": "0.4", "radius": "max", "partition": "dirichlet:0.3"], 3...4),
    ])
    func federated_twelveClients_haveOneHashOnAnyRanks(
      flags: [String: String], ranks: ClosedRange<Int>
    ) async throws {
      let federated = flags.merging([
        "algorithm": "signum-federated", "clients": "12", "steps": "20",
      ]) { $1 }
      var hashes: [String] = []
      for ranks in ranks { hashes.append(try await Self.hash(ranks: ranks, federated)) }
      #expect(Set(hashes).count == 1, "\(hashes)")
    }

    /// A run and flags of which each leads elsewhere.
    struct Options {
      let base: [String: String]
      let changes: [[String: String]]
    }

    static let options = [
      Options(
        base: ["algorithm": "signsgd"],
        changes: [["weight-decay": "0.1"], ["sign-rule": "exact"], ["sign-rule": "positive"]]),
      Options(
        base: ["algorithm": "signum"],
        changes: [
          ["partition": "iid"], ["partition": "dirichlet:0.1"], ["partition": "shards:2"],
          ["clip": "0.01"], ["schedule": "paper"],
          ["adversaries": "0.3", "attack": "invert"], ["adversaries": "0.3", "attack": "random"],
          ["adversaries": "0.3", "attack": "freeze"],
        ]),
      Options(
        base: ["algorithm": "signum-extrapolated"],
        changes: [
          ["momentum": "0.8"], ["schedule": "paper"], ["weight-decay": "0.1"], ["clip": "0.01"],
        ]),
      Options(
        base: ["algorithm": "signum-stochastic"],
        changes: [
          ["momentum": "0.8"], ["radius": "rms:3"], ["radius": "rms:2"], ["radius": "0.05"],
          ["schedule": "paper"],
        ]),
      Options(
        base: ["algorithm": "signum-federated", "clients": "6", "participation": "1"],
        changes: [
          ["clients": "7"], ["participation": "0.5"], ["local-steps": "3"], ["local-lr": "0.5"],
          ["radius": "max"], ["momentum": "0.8"], ["schedule": "paper"], ["sign-rule": "exact"],
          ["partition": "shared"], ["partition": "dirichlet:0.1"], ["partition": "shards:2"],
          ["adversaries": "0.3", "attack": "invert"], ["adversaries": "0.3", "attack": "random"],
          ["adversaries": "0.3", "attack": "collude"], ["adversaries": "0.3", "attack": "freeze"],
          ["adversaries": "0.5", "attack": "invert"],
        ]),
      Options(
        base: ["algorithm": "sgd", "clients": "6", "participation": "1"],
        changes: [
          ["clients": "7"], ["participation": "0.5"], ["local-steps": "3"], ["local-lr": "0.5"],
          ["partition": "dirichlet:0.1"],
        ]),
      Options(
        base: ["algorithm": "ef-signsgd"],
        changes: [["momentum": "0.8"], ["weight-decay": "0.1"], ["clip": "0.01"]]),
      Options(
        base: ["algorithm": "lion"],
        changes: [
          ["momentum": "0.95"], ["interpolation": "0.8"], ["weight-decay": "0.1"],
          ["clip": "0.01"],
        ]),
      Options(
        base: ["algorithm": "ssvr"],
        changes: [
          ["momentum": "0.8"], ["radius": "max"], ["weight-decay": "0.1"], ["clip": "0.01"],
        ]),
      Options(base: ["algorithm": "sgd"], changes: [["weight-decay": "0.1"], ["clip": "0.01"]]),
      Options(
        base: ["algorithm": "sgd-momentum"],
        changes: [["momentum": "0.8"], ["weight-decay": "0.1"], ["clip": "0.01"]]),
      Options(
        base: ["algorithm": "adamw"],
        changes: [["momentum": "0.8"], ["weight-decay": "0.1"], ["clip": "0.01"]]),
    ]

    @Test func algorithmsAndOptions_allDiffer() async throws {
      var runs: [String: [[String: String]]] = [:]
      for options in Self.options {
        for change in [[:]] + options.changes {
          let flags = options.base.merging(change) { $1 }
          let hash = try await Self.hash(flags.merging(["steps": "20"]) { $1 })
          runs[hash, default: []].append(flags)
        }
      }
      for (hash, same) in runs { #expect(same.count == 1, "\(hash): \(same)") }
    }
  }
}
