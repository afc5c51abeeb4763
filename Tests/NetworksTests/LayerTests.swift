import Networks
import Objectives
import Testing

/// Every layer, and the models, against the naive network and its central differences.
@Suite struct LayerTests {
  /// Small networks around one layer each, for a number of channels.
  static func models(channels: Int) -> [NetworkModel] {
    func model(_ name: String, rows: Int = 5, columns: Int = 4, _ layers: [Layer]) -> NetworkModel {
      NetworkModel(
        "\(name), \(channels) channels", input: [channels, rows, columns],
        layers: layers + [.flatten, .dense(3)])
    }
    // With 32 and 48 a convolution of 3x3 takes Winograd's algorithm where there is one.
    let other = [32: 48, 33: 17][channels] ?? channels + 2
    return [
      model("convolution", [.convolution(other, kernel: 3, padding: 1), .relu]),
      model(
        "second convolution",
        [
          .convolution(channels, kernel: 1), .convolution(other, kernel: 3, stride: 2), .relu,
        ]),
      model("5x5", [.convolution(4, kernel: 1), .convolution(other, kernel: 5, padding: 2)]),
      model("first 5x5", [.convolution(other, kernel: 5, stride: 2, padding: 2)]),
      model("maximum", [.maximumPooling(2, stride: 2)]),
      model(
        "padded maximum",
        [.convolution(other, kernel: 1), .maximumPooling(3, stride: 2, padding: 1)]),
      model(
        "average", [.convolution(other, kernel: 1), .averagePooling(3, stride: 2, padding: 1)]),
      model("global", [.convolution(other, kernel: 3), .globalAveragePooling]),
      model(
        "normalization", [.convolution(other, kernel: 3, bias: false), .batchNormalization, .relu]),
      model("plain normalization", [.batchNormalization, .relu, .convolution(other, kernel: 3)]),
      model("relu alone", [.averagePooling(2, stride: 1), .relu]),
      model("positive maximum", [.maximumPooling(2, stride: 1), .relu]),
      model(
        "positive padded maximum",
        [.convolution(other, kernel: 1), .maximumPooling(3, stride: 1, padding: 1), .relu]),
      model(
        "residual",
        [
          .convolution(other, kernel: 3, padding: 1), .relu,
          .residual([
            .convolution(other, kernel: 3, padding: 1, bias: false), .batchNormalization, .relu,
            .convolution(other, kernel: 3, padding: 1),
          ]), .relu,
          .residual(
            [.convolution(4, kernel: 1, stride: 2)],
            shortcut: [
              .convolution(4, kernel: 3, stride: 2, padding: 1), .batchNormalization,
            ]),
        ]),
      model(
        "nested residual",
        [.residual([.residual([.convolution(channels, kernel: 3, padding: 1), .relu])]), .relu]),
    ]
  }

  @Test(arguments: [1, 3, 17, 32, 33].flatMap(models(channels:)))
  func layer_gradientEqualsCentralDifferences(model: NetworkModel) throws {
    try compare(model, samples: 3)
  }

  @Test(arguments: [
    NetworkModel.cnn(input: [1, 9, 11], classes: 4),
    .resnet(input: [3, 6, 6], classes: 3, depth: 8, widths: [3, 5, 8]),
    .resnet(input: [1, 7, 9], classes: 3, depth: 14, widths: [1, 2, 3]),
  ])
  func model_gradientEqualsCentralDifferences(model: NetworkModel) throws {
    try compare(model, samples: 2)
  }

  /// Loss and some coordinates of each tensor's gradient.
  private func compare(_ model: NetworkModel, samples count: Int, coordinates: Int = 3) throws {
    let network = try Network(model, trainingCapacity: count + 2, evaluationCapacity: 4, threads: 1)
    let samples = Samples(
      count: count, width: model.input.reduce(1, *), classes: network.outline.classCount, seed: 9)
    let naive = NaiveNetwork(model: model)
    let parameters = network.initial(seed: 3, biases: 0.1)
    try expectLossAndGradient(
      of: network, as: naive, at: parameters, samples, samples.batch(), coordinates: coordinates)
  }
}
