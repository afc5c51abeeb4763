import Foundation
import Testing

extension LaunchTests {
  /// Every flag does what it says.
  @Suite struct Flags {
    /// The hash of the base run, made once.
    static func baseHash() async throws -> String { try await baseRun.value }

    private static let baseRun = Task { try await TrainRun.run().weightHash() }

    static let changes: [[String: String?]] = [
      ["algorithm": "signsgd"], ["algorithm": "sgd"], ["algorithm": "sgd-momentum"],
      ["model": "logistic", "hidden": nil],
      ["model": "quadratic:500:1", "hidden": nil, "data": nil],
      ["hidden": "32"], ["hidden": "16,8"], ["hidden": ""], ["batch": "17"], ["batch": "full"],
      ["steps": "41"], ["steps": nil, "epochs": "1"], ["lr": "0.006"], ["schedule": "constant"],
      ["schedule": "step:0.5:10"], ["schedule": "warmup:0.2+cosine"], ["schedule": "paper"],
      ["momentum": "0.5"], ["weight-decay": "0.1"], ["sign-rule": "exact"],
      ["sign-rule": "positive"], ["seed": "2"], ["validation": "60"],
    ]

    @Test(arguments: changes)
    func flag_changesTheWeights(_ change: [String: String?]) async throws {
      let hash = try await TrainRun.run(change).weightHash()
      #expect(try hash != (await Self.baseHash()))
    }

    @Test func changes_allDiffer() async throws {
      // Flags that were mixed up would still differ from the base: no two may agree either.
      let some: [[String: String?]] = [
        ["momentum": "0.5"], ["lr": "0.006"], ["seed": "2"], ["batch": "17"], ["steps": "41"],
      ]
      var hashes: [String] = []
      for change in some { hashes.append(try await TrainRun.run(change).weightHash()) }
      #expect(Set(hashes).count == some.count, "\(hashes)")
    }

    @Test func momentumZero_isSignSGD() async throws {
      let zero = try await TrainRun.run(["momentum": "0"]).weightHash()
      let without = try await TrainRun.run(["algorithm": "signsgd"]).weightHash()
      #expect(zero == without)
    }

    @Test func epochs_areStepsOfTheTrainingSet() async throws {
      // 600 samples by 2 ranks of 16: 19 steps an epoch, the last one short.
      let epochs = try await TrainRun.run(["steps": nil, "epochs": "2"])
      #expect(try epochs.only("summary").number("steps") == 38)
      let steps = try await TrainRun.run(["steps": "38"])
      #expect(try epochs.weightHash() == steps.weightHash())
    }

    @Test(arguments: ["allreduce", "exchange", "hierarchical", "gather", "dense"])
    func vote_onlyChangesTheRoute(_ route: String) async throws {
      let run = try await TrainRun.run(["vote": route])
      #expect(try run.weightHash() == (await Self.baseHash()))
      #expect(try run.only("run").text("route") == route)
    }

    @Test(arguments: ["exchange", "gather"])
    func coding_changesBytesAndNoBit(route: String) async throws {
      let plain = try await TrainRun.run(["vote": route, "coding": "none"])
      let coded = try await TrainRun.run(["vote": route, "coding": "delta"])
      #expect(try plain.weightHash() == coded.weightHash())
      #expect(try plain.only("run").text("coding") == "none")
      #expect(try coded.only("run").text("coding") == "delta")
      let bytes = try [plain, coded].map { try $0.only("summary").number("bytesSentPerRank") }
      #expect(bytes[1] < 0.95 * bytes[0], "\(bytes)")
    }

    /// With processors that have it and without: the last run is kept from oneDNN's instructions.
    @Test func dtype_changesGradientsOrIsRefused() async throws {
      let flags = ["dtype": "bf16"]
      let without = try await TrainRun.run(flags, environment: ["DNNL_MAX_CPU_ISA": "AVX2"])
      #expect(without.outcome.wasRefused, "\(without.outcome)")
      #expect(without.outcome.output.contains("use float32"), "\(without.outcome)")
      let run = try await TrainRun.run(flags)
      guard run.outcome.succeeded else {
        #expect(run.outcome.output.contains("use float32"), "\(run.outcome)")
        return
      }
      #expect(try run.only("run").record("configuration").text("dtype") == "bf16")
      #expect(try run.weightHash() != (await Self.baseHash()))
      let accuracy = try run.only("summary").number("accuracy")
      let base = try await TrainRun.run().only("summary").number("accuracy")
      #expect(abs(accuracy - base) < 0.1, "\(accuracy), \(base) with float32")
    }

    /// Layers of more than 2^18 parameters are voted on while those before are computed.
    @Test func bucketsOfAGradient_changeNoBit() async throws {
      let flags = ["hidden": "4096,512", "steps": "6", "algorithm": "lion"]
      let early = try await TrainRun.run(flags.merging(["vote": "exchange"]) { $1 })
      let late = try await TrainRun.run(flags.merging(["vote": "allreduce"]) { $1 })
      #expect(try early.weightHash() == late.weightHash())
      #expect(try early.records("step").last?.number("bytesOverlappedPerRank") ?? 0 > 0)
    }

    @Test func voteAuto_takesTheFastestAndSaysWhy() async throws {
      let run = try await TrainRun.run(["vote": "auto"])
      #expect(try run.weightHash() == (await Self.baseHash()))
      let record = try run.only("run")
      let (route, reason) = (try record.text("route"), try record.text("routeReason"))
      let coding = try record.text("coding")
      let chosen = coding == "none" ? route : "\(route)/\(coding)"
      let tried = reason.matches(of: #/([\w/]+) ([0-9.]+) (us|ms)/#).map { match in
        (
          name: String(match.output.1),
          micro: (Double(match.output.2) ?? .nan) * (match.output.3 == "ms" ? 1e3 : 1)
        )
      }
      #expect(tried.map(\.name).contains("exchange") && tried.count >= 2, "\(reason)")
      let fastest = tried.map(\.micro).min()
      #expect(tried.first { $0.name == chosen }?.micro == fastest, "\(chosen): \(reason)")
      #expect(run.outcome.output.contains("vote \(route) (fastest of "), "\(run.outcome)")
    }

    @Test func oneRank_triesNothing() async throws {
      let run = try await TrainRun.run(ranks: 1)
      #expect(try run.only("run").text("routeReason") == "the default")
    }

    /// Open MPI is told to keep windows in a folder that is not there.
    @Test func voteWithoutSharedMemory_isAnEvent() async throws {
      let run = try await TrainRun.run(
        ["vote": "hierarchical"],
        environment: ["OMPI_MCA_osc_sm_backing_directory": "/nowhere"])
      #expect(try run.weightHash() == (await Self.baseHash()))
      let event = try run.only("event")
      #expect(try event.text("event") == "fallback")
      #expect(try event.text("message").contains("no room for shared memory"))
      #expect(run.outcome.output.contains("no room for shared memory"), "\(run.outcome)")
    }

    @Test func meanOfMPI_isMarked() async throws {
      let fixed = try await TrainRun.run(["algorithm": "sgd", "mean": "fixed"])
      let mpi = try await TrainRun.run(["algorithm": "sgd", "mean": "mpi"])
      #expect(try fixed.only("run").truth("orderDependent") == false)
      #expect(try mpi.only("run").truth("orderDependent"))
    }

    @Test func logEvery_changesOnlyStepRecords() async throws {
      let run = try await TrainRun.run(["log-every": "4"])
      #expect(try run.weightHash() == (await Self.baseHash()))
      let often = run.records("step").count
      let seldom = try await TrainRun.run(["log-every": "20"]).records("step").count
      #expect(often >= 10 && often <= 12, "\(often)")
      #expect(seldom >= 2 && seldom <= 4, "\(seldom)")
    }

    @Test func evaluateEvery_changesOnlyEvaluations() async throws {
      let run = try await TrainRun.run(["evaluate-every": "10"])
      #expect(try run.weightHash() == (await Self.baseHash()))
      #expect(try run.records("evaluation").map { try $0.number("step") } == [10, 20, 30, 40])
      let end = try await TrainRun.run(["evaluate-every": "0"])
      #expect(try end.records("evaluation").map { try $0.number("step") } == [40])
    }

    @Test func checks_changeNothing() async throws {
      let changes = [
        ["check-replicas": "3"], ["check-replicas": "0"], ["collective-timeout": "7.5"],
        ["max-abstentions": "0"], ["log-every": "1"],
      ]
      for change in changes {
        let run = try await TrainRun.run(change)
        #expect(try run.weightHash() == (await Self.baseHash()), "\(change)")
        let configuration = try run.only("run").record("configuration")
        for (flag, value) in change {
          let found = "\(configuration.fields[flag] ?? "nothing")"
          #expect(Double(found) == Double(value), "\(flag): \(configuration)")
        }
      }
    }

    @Test func replicaHashes_areInTheLog() async throws {
      let run = try await TrainRun.run(["check-replicas": "10", "log-every": "1"])
      let hashes = run.records("step").compactMap { $0.fields["weightHash"] as? String }
      #expect(hashes.count >= 3 && Set(hashes).count == hashes.count, "\(hashes)")
    }

    @Test func threads_areInTheLog() async throws {
      #expect(try await TrainRun.run(["threads": "1"]).only("run").number("threads") == 1)
      #expect(try await TrainRun.run(["threads": "2"]).only("run").number("threads") == 2)
    }

    @Test func validation_isEvaluatedUntilTheEnd() async throws {
      let run = try await TrainRun.run(["validation": "60", "evaluate-every": "20"])
      let evaluations = run.records("evaluation")
      let last = try #require(evaluations.last)
      #expect(try last.text("split") == "test" && last.number("samples") == 200)
      #expect(evaluations.count >= 2)
      for evaluation in evaluations.dropLast() {
        #expect(try evaluation.text("split") == "validation")
        #expect(try evaluation.number("samples") == 60)
      }
      #expect(try run.only("run").number("trainingSamples") == 540)
    }
  }
}
