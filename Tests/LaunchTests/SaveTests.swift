import Foundation
import Testing

extension LaunchTests {
  /// Weights that are saved and evaluated again.
  @Suite struct Save {
    /// The number behind a word, as in `accuracy 91.50 %`.
    private static func number(after word: String, in text: String) throws -> Double {
      let expression = try Regex("\(word)[: ]+([0-9.]+)").ignoresCase()
      let match = try #require(text.firstMatch(of: expression), "no '\(word)' in: \(text)")
      return try #require(match.output[1].substring.flatMap { Double($0) })
    }

    private static func evaluate(_ file: String, ranks: Int) async throws -> Double {
      let data = "idx:\(try TestData.shared.get().images)"
      let run = try await Program.mpirun(ranks, ["evaluate", file, "--data", data])
      try #require(run.succeeded, "\(run)")
      let line = try #require(run.lines.first { $0.localizedStandardContains("accuracy") })
      return try number(after: "accuracy", in: line) / (line.contains("%") ? 100 : 1)
    }

    @Test(arguments: ["mlp", "logistic", "cnn", "convolution 4 3x3, relu, flatten, dense 4"])
    func evaluate_givesTheAccuracyOfTheRun(model: String) async throws {
      try await withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("w.safetensors").path
        let run = try await TrainRun.run(
          ["model": model, "hidden": model == "mlp" ? "16,8" : nil], extra: ["--save", file])
        let accuracy = try run.only("summary").number("accuracy")
        #expect(accuracy > 0.5)
        for ranks in [1, 3] {
          #expect(
            abs(try await Self.evaluate(file, ranks: ranks) - accuracy) < 6e-5, "\(ranks) ranks")
        }
      }
    }

    @Test func stepsZero_savesTheInitialWeights() async throws {
      try await withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("w.safetensors")
        let run = try await TrainRun.run(["steps": "0"], extra: ["--save", file.path])
        let accuracy = try run.only("summary").number("accuracy")
        #expect(abs(try await Self.evaluate(file.path, ranks: 2) - accuracy) < 6e-5)
        #expect(try run.weightHash() != (await Flags.baseHash()))
        let again = folder.appendingPathComponent("again.safetensors")
        _ = try await TrainRun.run(ranks: 3, ["steps": "0"], extra: ["--save", again.path])
        let tensors = try [file, again].map { try Self.tensors($0) }
        #expect(!tensors[0].isEmpty && tensors[0] == tensors[1])
      }
    }

    /// A link stays one; what it leads to is replaced.
    @Test func linkToAFile_isFollowed() async throws {
      try await withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("w.safetensors")
        let link = folder.appendingPathComponent("link")
        try Data().write(to: file)
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
        _ = try await TrainRun.run(["steps": "0"], extra: ["--save", link.path])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == file.path)
        #expect(try Self.tensors(file).count > 0)
      }
    }

    /// The bytes behind the header of a safetensors file.
    private static func tensors(_ file: URL) throws -> Data {
      let data = try Data(contentsOf: file)
      let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      return data.dropFirst(8 + length)
    }

    @Test func evaluate_otherFile_isRefused() async throws {
      try await withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("w.safetensors")
        try Data("not a safetensors file".utf8).write(to: file)
        let data = "idx:\(try TestData.shared.get().images)"
        let run = try await Program.mpirun(2, ["evaluate", file.path, "--data", data])
        BadInput.expectRefusal(run, words: ["w.safetensors"])
      }
    }
  }
}
