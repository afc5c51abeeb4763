import Foundation
import Testing

extension LaunchTests {
  /// Running statistics of batch normalization: each rank's own, which nobody votes on, and their mean,
  /// which evaluations and files take.
  @Suite struct Statistics {
    private static let model =
      "convolution 6 3x3 no bias, batch normalization, relu, global average pooling, flatten, dense 4"
    private static let flags = ["model": model, "check-replicas": "5", "lr": "0.02"]

    @Test(arguments: ["copy", "none"])
    func killed_sameRanks_sameFile(memory: String) async throws {
      try await withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("w.safetensors")
        let run = try CheckpointedRun(
          in: folder, ranks: 3, Self.flags.merging(["checkpoint-memory": memory]) { $1 })
        let killed = try await run.launch(fault: "kill:0:33")
        #expect(!killed.succeeded)
        let rest = try await run.launch(["save": file.path])
        #expect(rest.succeeded, "\(rest)")
        let summary = try #require(try run.records("summary").last)
        #expect(try summary.number("accuracy") > 0.5)

        let other = folder.appendingPathComponent("unbroken.safetensors")
        var changes: [String: String?] = Self.flags
        changes["hidden"] = .some(nil)
        let unbroken = try await TrainRun.run(
          ranks: 3, changes, extra: ["--save", other.path])
        #expect(try run.hash() == unbroken.weightHash())
        let tensors = try Tensors(file)
        #expect(try tensors.values == Tensors(other).values)
        #expect(tensors.values.count == 7)
        #expect(tensors.values["layer1.variance"]?.contains { $0 != 1 } == true)
      }
    }

    @Test func checkpoint_hasTheRanksOwnAndTheirMean() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder, ranks: 3, Self.flags)
        _ = try await run.launch()
        let place = run.checkpoints + "/step-00000040/"
        let own = try (0..<3).map { rank in
          let file = place + "rank-0000\(rank)-of-00003.safetensors"
          let tensors = try Tensors(URL(fileURLWithPath: file))
          return try #require(tensors.values["statistics"])
        }
        #expect(Set(own).count == 3)
        let weights = try Tensors(URL(fileURLWithPath: place + "weights.safetensors"))
        let mean = try #require(weights.values["layer1.mean"])
        let variance = try #require(weights.values["layer1.variance"])
        let expected = (0..<12).map { index in
          Float(own.reduce(0.0) { $0 + Double($1[index]) } / 3)
        }
        #expect(mean + variance == expected)
        let data = "idx:\(try TestData.shared.get().images)"
        let evaluated = try await Program.mpirun(
          2, ["evaluate", place + "weights.safetensors", "--data", data])
        #expect(evaluated.succeeded, "\(evaluated)")
        let accuracy = try #require(try run.records("summary").last).number("accuracy")
        let percent = String(format: "accuracy %.2f %%", 100 * accuracy)
        #expect(evaluated.lines(with: [percent]).count == 1, "\(evaluated)")
      }
    }

    /// Every rank of another number goes on from the mean, so the mean stays what it was.
    @Test(arguments: [2, 4])
    func otherRanks_goOnFromTheMean(ranks: Int) async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder, ranks: 3, Self.flags)
        let names = ["first", "again"].map { folder.appendingPathComponent($0) }
        _ = try await run.launch(["save": names[0].path])
        let again = try await run.launch(ranks: ranks, ["save": names[1].path])
        #expect(again.succeeded, "\(again)")
        #expect(try Tensors(names[0]).values == Tensors(names[1]).values)
      }
    }
  }
}
