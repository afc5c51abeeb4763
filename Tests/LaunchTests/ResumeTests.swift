import Foundation
import Testing

extension LaunchTests {
  /// A run that is interrupted and goes on is the run that was not.
  @Suite struct Resume {
    /// Runs whose state differs in kind: 40 steps of 19 an epoch at 2 ranks, killed in the second
    /// epoch.
    static let runs: [(ranks: Int, flags: [String: String])] = [
      (2, [:]), (3, ["vote": "allreduce", "sign-rule": "exact"]),
      (3, ["vote": "gather", "sign-rule": "positive"]), (1, [:]),
      (2, ["algorithm": "signsgd", "vote": "dense"]),
      (2, ["coding": "delta", "momentum": "0.99"]),
      (2, ["checkpoint-memory": "none"]),
      (2, ["batch": "6", "accumulate": "3", "augment": "crop:2,flip"]),
      (3, ["partition": "dirichlet:0.3"]), (2, ["batch": "full"]),
      (3, ["adversaries": "0.3", "attack": "freeze"]),
      (3, ["adversaries": "0.3", "attack": "collude"]),
      (2, ["algorithm": "signum-extrapolated"]),
      (2, ["algorithm": "signum-extrapolated", "schedule": "constant"]),
      (2, ["algorithm": "signum-stochastic", "radius": "rms:3"]),
      (
        3,
        [
          "algorithm": "signum-federated", "clients": "7", "participation": "0.5",
          "local-steps": "3",
        ]
      ),
      (
        2,
        [
          "algorithm": "signum-federated", "clients": "5", "participation": "0.5",
          "adversaries": "0.4", "attack": "freeze",
        ]
      ),
      (3, ["algorithm": "ef-signsgd"]),
      (2, ["algorithm": "ef-signsgd", "momentum": "0.9", "vote": "gather"]),
      (2, ["algorithm": "lion"]), (2, ["algorithm": "ssvr"]), (2, ["algorithm": "sgd"]),
      (3, ["algorithm": "sgd-momentum"]), (2, ["algorithm": "adamw", "weight-decay": "0.1"]),
      (2, ["algorithm": "sgd", "clients": "5", "participation": "0.5"]),
    ]

    @Test(arguments: runs)
    func killed_sameRanks_sameBits(run: (ranks: Int, flags: [String: String])) async throws {
      try await withTemporaryFolder { folder in
        let broken = try CheckpointedRun(in: folder, ranks: run.ranks, run.flags)
        let killed = try await broken.launch(fault: "kill:0:33")
        #expect(!killed.succeeded)
        let rest = try await broken.launch()
        #expect(rest.succeeded, "\(rest)")
        #expect(try broken.records("event").contains { try $0.text("event") == "resume" })
        #expect(try await broken.hash() == broken.unbrokenHash(), "\(run)")
      }
    }

    @Test func anyStep_sameBits() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder, ["checkpoint-every": "1", "keep": "99"])
        _ = try await run.launch()
        let hash = try run.hash()
        #expect(try hash == (await Flags.baseHash()))
        #expect(run.names().count == 41)
        // The latest first: those after it are set aside.
        for step in [40, 39, 38, 19, 18, 2, 1] {
          let rest = try await run.launch(["resume": "\(step)"])
          #expect(rest.succeeded, "\(rest)")
          #expect(try run.hash() == hash, "from step \(step)")
        }
        #expect(run.names().contains("step-00000039.superseded"))
      }
    }

    @Test(arguments: [(3, 2), (2, 4), (3, 1)])
    func otherRanks_goOn(before: Int, after: Int) async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder, ranks: before, ["epochs": "4"])
        // --epochs in place of --steps: what is left of the epoch is divided anew.
        let flags = run.flags.filter { $0.key != "steps" }
        let launch = { (ranks: Int, fault: String) in
          try await Program.mpirun(
            ranks,
            ["train", "--checkpoint", run.checkpoints, "--log", run.log.path]
              + TrainRun.arguments(flags), environment: ["SIGNUM_FAULT": fault])
        }
        _ = try await launch(before, "kill:0:27")
        let rest = try await launch(after, "")
        #expect(rest.succeeded, "\(rest)")
        let messages = try run.records("event").map { try $0.text("message") }
        #expect(messages.contains { $0.contains("\(before) ranks, here there are \(after)") })
        #expect(messages.contains { $0.contains(before > after ? "the mean" : "a copy") })
        let summary = try #require(try run.records("summary").last)
        #expect(try summary.number("accuracy") > 0.5 && summary.number("epochs") == 4)
        // What is left of the epoch, and the whole ones after it, in steps of the ranks there are.
        let place = try #require(
          messages.compactMap {
            $0.firstMatch(of: /from step (\d+), epoch (\d+) after (\d+) of/)
          }.first)
        let numbers = [place.output.1, place.output.2, place.output.3].compactMap { Int($0) }
        let perStep = after * 16
        func steps(for samples: Int) -> Int { (samples + perStep - 1) / perStep }
        let expected =
          numbers[0] + steps(for: 600 - numbers[2]) + (4 - numbers[1]) * steps(for: 600)
        #expect(try Int(summary.number("steps")) == expected, "\(numbers)")
      }
    }

    /// The momenta of a rank's file, read without the program's own reader.
    private static func momentum(_ run: CheckpointedRun, step: Int, _ rank: Int, of ranks: Int)
      throws -> [Float]
    {
      let name = "step-000000\(step)/rank-0000\(rank)-of-0000\(ranks).safetensors"
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(run.checkpoints)/\(name)"))
      let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let values = Array(data.dropFirst(8 + length))
      return values.withUnsafeBytes { bytes in
        (0..<bytes.count / 4).map {
          bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
        }
      }
    }

    /// With gradients of zero the first momentum after the resume is 0.9 times what was restored.
    @Test func otherRanks_momentaAreMeansAndCopies() async throws {
      for (before, after) in [(3, 2), (2, 3)] {
        try await withTemporaryFolder { folder in
          let run = try CheckpointedRun(
            in: folder, ranks: before, ["checkpoint-every": "1", "keep": "99"])
          _ = try await run.launch(fault: "kill:0:20")
          let step = try #require(
            run.names().last { $0.count == 13 }.flatMap { Int($0.dropFirst(5)) })
          _ = try await run.launch(ranks: after, fault: "zero-gradient:*:0")
          let old = try (0..<before).map {
            try Self.momentum(run, step: step, $0, of: before)
          }
          for rank in 0..<after {
            let found = try Self.momentum(run, step: step + 1, rank, of: after)
            let expected = old[rank % before].indices.map { index -> Float in
              let mean =
                before > after && rank == 0
                ? (old[0][index] + old[2][index]) / 2 : old[rank % before][index]
              let next = mean * Float(0.9)
              return abs(next) < .leastNormalMagnitude ? 0 : next
            }
            #expect(found == expected, "rank \(rank): \(before) to \(after)")
            #expect(found.contains { $0 != 0 })
          }
        }
      }
    }

    @Test func finishedRun_startedAgain_isDone() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder)
        _ = try await run.launch()
        let hash = try run.hash()
        let again = try await run.launch()
        #expect(again.succeeded && !again.lines(with: ["resumed from step 40"]).isEmpty)
        #expect(try run.hash() == hash)
        let heads = try run.records("run").map { try $0.text("runIdentifier") }
        #expect(heads.count == 2 && Set(heads).count == 1)
      }
    }

    @Test func otherOptions_areRefused() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder)
        _ = try await run.launch()
        for (flag, value) in [
          ("lr", "0.006"), ("seed", "2"), ("momentum", "0.8"), ("hidden", "8"), ("steps", "50"),
        ] {
          let other = try await run.launch([flag: value])
          BadInput.expectRefusal(other, words: ["'\(flag)'", "step-00000040"])
        }
        BadInput.expectRefusal(
          try await run.launch(["resume": "never"]), words: ["holds", "step 40"])
        BadInput.expectRefusal(
          try await run.launch(["resume": "17"]), words: ["no checkpoint of step 17", "40"])
        let strict = try await run.launch(["threads": "2"], extra: ["--resume-strict"])
        BadInput.expectRefusal(strict, words: ["--resume-strict", "threads"])
        let said = try await run.launch(["threads": "2"])
        #expect(said.succeeded && !said.lines(with: ["threads", "last bits"]).isEmpty)
        let free = try await run.launch(["vote": "gather", "log-every": "3", "keep": "1"])
        #expect(free.succeeded, "\(free)")
      }
    }

    @Test func files_openInPython() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(
          in: folder,
          ["algorithm": "signum-federated", "clients": "5", "participation": "0.5"])
        _ = try await run.launch()
        let text = """
          import glob, sys
          from safetensors import safe_open
          names = {}
          for path in sorted(glob.glob(sys.argv[1] + "/step-00000040/*.safetensors")):
            with safe_open(path, "np") as file:
              for name in file.keys():
                tensor = file.get_tensor(name)
                print(path.split("/")[-1], name, tensor.dtype, tensor.shape)
          """
        let python = try await Program.outcome(
          of: Program.python(), ["-c", text, run.checkpoints])
        #expect(python.succeeded, "\(python)")
        #expect(
          python.lines == [
            "rank-00000-of-00002.safetensors draws uint64 (3,)",
            "rank-00000-of-00002.safetensors momentum float32 (3324,)",
            "rank-00001-of-00002.safetensors draws uint64 (2,)",
            "rank-00001-of-00002.safetensors momentum float32 (2216,)",
            "weights.safetensors layer0.bias float32 (16,)",
            "weights.safetensors layer0.weight float32 (16, 64)",
            "weights.safetensors layer1.bias float32 (4,)",
            "weights.safetensors layer1.weight float32 (4, 16)",
          ])
        let weights = "\(run.checkpoints)/step-00000040/weights.safetensors"
        let data = "idx:\(try TestData.shared.get().images)"
        let evaluated = try await Program.mpirun(2, ["evaluate", weights, "--data", data])
        #expect(evaluated.succeeded, "\(evaluated)")
      }
    }
  }
}
