import Networks
import Testing

/// Layers as text.
@Suite struct LayerListTests {
  @Test(arguments: [
    ("dense 10", [Layer.dense(10)]),
    ("  flatten ,relu,\n dense   3 ", [.flatten, .relu, .dense(3)]),
    (
      "convolution 8 3x3, convolution 8 5x5 stride 2 padding 1 no bias",
      [
        .convolution(8, kernel: 3),
        .convolution(8, kernel: 5, stride: 2, padding: 1, bias: false),
      ]
    ),
    (
      "maximum pooling 2x2, average pooling 3x3 stride 1 padding 1, global average pooling",
      [
        .maximumPooling(2, stride: 2), .averagePooling(3, stride: 1, padding: 1),
        .globalAveragePooling,
      ]
    ),
    (
      "residual [convolution 4 1x1, residual [relu] []] [ convolution 4 1x1 no bias ], relu",
      [
        .residual(
          [.convolution(4, kernel: 1), .residual([.relu])],
          shortcut: [.convolution(4, kernel: 1, bias: false)]), .relu,
      ]
    ),
    ("residual [batch normalization]", [.residual([.batchNormalization])]),
  ])
  func layers_areRead(text: String, layers: [Layer]) throws {
    let list = try LayerList(parsing: text)
    #expect(list.layers == layers)
    #expect(try LayerList(parsing: list.description) == list)
  }

  @Test func blanks_makeNoDifference() throws {
    let list = try LayerList(parsing: " flatten ,relu,\tdense   3")
    #expect(list.description == "flatten, relu, dense 3")
  }

  @Test(arguments: [
    ("dense", "dense"), ("dense 3 4", "dense 3 4"), ("dense x", "dense x"), ("relus", "relus"),
    ("relu, dens 3", "dens 3"), ("relu,, dense 3", ""), ("", ""),
    ("convolution 8", "convolution 8"),
    ("convolution 8 3x5", "convolution 8 3x5"), ("convolution 8 3x3 stride", nil),
    ("convolution 8 3x3 no", nil), ("residual", "residual"), ("residual [relu", "residual [relu"),
    ("residual [relu] relu", nil), ("residual [relu] [] []", nil), ("residual [tanh]", "tanh"),
    ("relu]", "relu]"), ("maximum pooling", nil), ("padding 1", nil),
  ])
  func otherTexts_areNamed(text: String, layer: String?) {
    let error = #expect(throws: LayerListError.self) { try LayerList(parsing: text) }
    #expect(error?.text == layer ?? text)
    #expect(error?.description.contains("\n") == false)
  }
}
