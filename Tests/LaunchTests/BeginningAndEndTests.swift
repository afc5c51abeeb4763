import Foundation
import Testing

extension LaunchTests {
  /// `--start-from`, `--augment`, `--label-smoothing` and `--stop-at`.
  @Suite struct BeginningAndEnd {
    @Test func stopAt_endsWithTheFirstEvaluationThatReachesIt() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(
          in: folder,
          ["evaluate-every": "3", "stop-at": "accuracy:0.6", "log-every": "1000"])
        let first = try await run.launch()
        #expect(first.succeeded && !first.lines(with: ["accuracy:0.6 reached"]).isEmpty, "\(first)")
        let summary = try #require(try run.records("summary").last)
        let steps = try Int(summary.number("steps"))
        #expect(steps < 40 && steps % 3 == 0)
        #expect(try summary.text("exitReason") == "reached")
        let accuracies = try run.records("evaluation").map { try $0.number("accuracy") }
        // The evaluation that ends the run is its last one too.
        #expect(accuracies.count == steps / 3 && accuracies.last ?? 0 >= 0.6)
        #expect(accuracies.dropLast().allSatisfy { $0 < 0.6 })
        // Steps since the last record are told of at the end.
        #expect(try run.records("step").map { try Int($0.number("step")) } == [steps])

        // Started again it is done; without the target it goes on, to the end of the unbroken run.
        let again = try await run.launch()
        #expect(again.succeeded, "\(again)")
        let second = try #require(try run.records("summary").last)
        #expect(try second.text("weightHash") == summary.text("weightHash"))
        let all = run.flags.filter { $0.key != "stop-at" }
        let rest = try await Program.mpirun(
          2,
          ["train", "--checkpoint", run.checkpoints, "--log", run.log.path]
            + TrainRun.arguments(all))
        #expect(rest.succeeded, "\(rest)")
        #expect(try run.hash() == (await Flags.baseHash()))
      }
    }

    @Test(arguments: [
      "flatten, dense 8, relu, dense 4",
      "convolution 6 3x3, batch normalization, relu, flatten, dense 4",
    ])
    func startFrom_takesTheFile(model: String) async throws {
      try await withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("w.safetensors").path
        let model: [String: String?] = ["model": model, "hidden": nil]
        let first = try await TrainRun.run(model, extra: ["--save", file])
        let zero: [String: String?] = ["steps": "0", "seed": "7"]
        let second = try await TrainRun.run(
          ranks: 3, model.merging(zero) { $1 }, extra: ["--start-from", file])
        #expect(try second.weightHash() == first.weightHash())
        let accuracies = try [first, second].map { try $0.only("summary").number("accuracy") }
        #expect(accuracies[0] == accuracies[1] && accuracies[0] > 0.5)
        // It trains on from there.
        let third = try await TrainRun.run(
          model.merging(["steps": "3"]) { $1 }, extra: ["--start-from", file])
        let loss = try third.records("evaluation").last?.number("loss")
        #expect(try #require(loss) < 0.8)
        #expect(try third.weightHash() != first.weightHash())

        let other = try await TrainRun.run(["hidden": "9"], extra: ["--start-from", file])
        BadInput.expectRefusal(other.outcome, words: ["w.safetensors"])
      }
    }

    /// Mirrored, the first two classes and the last two change places.
    @Test func augment_changesTraining_notEvaluation() async throws {
      let plain = try await TrainRun.run(["steps": "30"])
      let flipped = try await TrainRun.run(["steps": "30", "augment": "flip"])
      let moved = try await TrainRun.run(["steps": "30", "augment": "crop:1"])
      let accuracies = try [plain, flipped, moved].map {
        try $0.only("summary").number("accuracy")
      }
      #expect(accuracies[1] < accuracies[0] - 0.2 && accuracies[2] > 0.5, "\(accuracies)")
      #expect(try Set([plain, flipped, moved].map { try $0.weightHash() }).count == 3)
      let whole = try await TrainRun.run(["steps": "6", "augment": "crop:1", "algorithm": "sgd"])
      let parts = try await TrainRun.run(
        ["steps": "6", "augment": "crop:1", "algorithm": "sgd", "batch": "4", "accumulate": "4"])
      let losses = try [whole, parts].map { try $0.only("evaluation").number("loss") }
      #expect(abs(losses[0] - losses[1]) < 1e-4)
    }

    @Test func labelSmoothing_changesTraining_notEvaluation() async throws {
      let plain = try await TrainRun.run(["steps": "1", "log-every": "1"])
      let smooth = try await TrainRun.run(
        ["steps": "1", "log-every": "1", "label-smoothing": "0.4"])
      let losses = try [plain, smooth].map { try $0.only("step").number("loss") }
      #expect(losses[0] != losses[1])
      #expect(try plain.weightHash() != smooth.weightHash())
      let start = try await TrainRun.run(["steps": "0", "label-smoothing": "0.4"])
      let same = try await TrainRun.run(["steps": "0"])
      let evaluated = try [start, same].map { try $0.only("evaluation").number("loss") }
      #expect(evaluated[0] == evaluated[1])
    }
  }
}
