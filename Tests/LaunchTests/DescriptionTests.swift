import Foundation
import Testing

extension LaunchTests {
  /// `train --describe-model`.
  @Suite struct Description {
    private func lines(_ model: String, ranks: Int = 1, _ flags: [String] = []) async throws
      -> [String]
    {
      let data = "idx:\(try TestData.shared.get().images)"
      let run = try await Program.mpirun(
        ranks, ["train", "--model", model, "--data", data, "--describe-model"] + flags)
      try #require(run.succeeded, "\(run)")
      return run.lines
    }

    @Test func layersAndTensors_areListedOnce() async throws {
      let model =
        "convolution 6 3x3 no bias, batch normalization, residual [relu] [], "
        + "global average pooling, flatten, dense 4"
      #expect(
        try await lines(model, ranks: 3) == [
          "layer                        output     parameters",
          "input                        1 x 8 x 8           0",
          "convolution 6, 3x3, no bias  6 x 6 x 6          54",
          "batch normalization          6 x 6 x 6          12",
          "  relu                       6 x 6 x 6           0",
          "residual sum                 6 x 6 x 6           0",
          "global average pooling       6 x 1 x 1           0",
          "flatten                      6                   0",
          "dense 4                      4                  28",
          "tensor         shape                    parameters",
          "layer0.weight  6 x 1 x 3 x 3  decay             54",
          "layer1.scale   6              no decay           6",
          "layer1.shift   6              no decay           6",
          "layer2.weight  4 x 6          decay             24",
          "layer2.bias    4              no decay           4",
          "total   94 parameters in 5 tensors, 78 of them decayed",
          "beside  12 running statistics of each rank, not voted on",
        ])
    }

    @Test func ratesThatAreScaled_areListed() async throws {
      let lines = try await lines("mlp", ["--hidden", "7,5", "--lr-scaling", "fan-in"])
      #expect(
        lines[7...10] == [
          "tensor         shape             lr x   parameters",
          "layer0.weight  7 x 64  decay     1             448",
          "layer0.bias    7       no decay  1               7",
          "layer1.weight  5 x 7   decay     36.57          35",
        ], "\(lines)")
    }

    @Test(arguments: [
      ("mlp", ["--hidden", "7"], "487"), ("cnn", [], "52228"), ("resnet20", [], "271796"),
      ("logistic", [], "260"),
    ])
    func totals_areTheModels(model: String, flags: [String], total: String) async throws {
      let lines = try await lines(model, flags)
      #expect(lines.contains { $0.hasPrefix("total   \(total) parameters") }, "\(lines)")
    }

    @Test func misfit_isToldInOneLine() async throws {
      let data = try TestData.shared.get()
      let run = try await Program.mpirun(
        2, ["train", "--model", "cnn", "--data", "libsvm:\(data.dense)", "--describe-model"])
      BadInput.expectRefusal(run, words: ["--model cnn takes dense data"])
    }
  }
}
