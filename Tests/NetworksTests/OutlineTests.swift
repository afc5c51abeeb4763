import Networks
import Objectives
import Testing

@Suite struct OutlineTests {
  @Test func cnn_hasTheFiguresShapes() throws {
    let outline = try NetworkOutline(.cnn(input: [1, 28, 28], classes: 10))
    #expect(
      outline.lines.map(\.output) == [
        [32, 28, 28], [32, 14, 14], [32, 14, 14], [64, 14, 14], [64, 7, 7], [64, 7, 7], [3136],
        [128], [128], [10],
      ])
    #expect(
      outline.layout.description
        == "layer0.weight[32, 1, 3, 3] layer0.bias[32] layer1.weight[64, 32, 3, 3] "
        + "layer1.bias[64] layer2.weight[128, 3136] layer2.bias[128] layer3.weight[10, 128] "
        + "layer3.bias[10]")
    #expect(outline.statistics == nil)
  }

  @Test(arguments: [(8, 78_042), (20, 272_474), (56, 855_770)])
  func resnet_hasThePapersSize(depth: Int, parameters: Int) throws {
    for size in [32, 28] {
      let outline = try NetworkOutline(
        .resnet(input: [3, size, size], classes: 10, depth: depth))
      #expect(outline.layout.count == parameters)
      #expect(outline.lines[0].output == [16, 32, 32])
      #expect(outline.lines.contains { $0.output == [64, 8, 8] && $0.depth == 0 })
      let weights = outline.layout.tensors.filter { $0.shape.count > 1 }
      // Those of the paper, and two projections.
      #expect(weights.count == depth + 2)
      #expect(outline.statistics?.tensors.count == 2 * (depth + 1))
    }
  }

  @Test(arguments: [(false, 10_942_464), (true, 10_844_160)])
  func gpt_hasItsSize_andDecaysAllWeightsButPositions(tie: Bool, parameters: Int) throws {
    let outline = try NetworkOutline(
      .gpt(layers: 6, heads: 6, width: 384, context: 256, tie: tie))
    #expect(outline.layout.count == parameters)
    #expect(outline.lines.last?.output == [256, 256])
    #expect(outline.featureShape == [257] && outline.isSequential)
    for tensor in outline.layout.tensors {
      let isDecayed = tensor.shape.count == 2 && tensor.name != "layer0.position"
      #expect(outline.layout.isDecayed(tensor) == isDecayed, "\(tensor.name)")
    }
  }

  @Test(arguments: [
    ([4, 4], [Layer.dense(2)], "wrong, on an input of 4 x 4: expected features, or channels"),
    (
      [1, 4, 4], [.relu, .convolution(2, kernel: 5), .flatten, .dense(2)],
      "wrong, layer 2 (convolution 2, 5x5), on an input of 1 x 4 x 4: the window is larger"
    ),
    (
      [1, 4, 4], [.maximumPooling(2, stride: 0), .flatten, .dense(2)],
      "wrong, layer 1 (maximum pooling 2x2, stride 0), on an input of 1 x 4 x 4: use a window"
    ),
    (
      [1, 4, 4], [.averagePooling(2, stride: 2, padding: 2), .flatten, .dense(2)],
      "wrong, layer 1 (average pooling 2x2, stride 2, padding 2), on an input of 1 x 4 x 4: use a "
    ),
    ([1, 4, 4], [.dense(2)], "wrong, layer 1 (dense 2), on an input of 1 x 4 x 4: put a flatten"),
    (
      [16], [.batchNormalization, .dense(2)],
      "wrong, layer 1 (batch normalization), on an input of 16: it takes images"
    ),
    (
      [2, 4, 4], [.residual([.convolution(3, kernel: 1)]), .flatten, .dense(2)],
      "wrong, layer 2 (residual sum), on an input of 2 x 4 x 4: its paths end in the shapes "
        + "[3, 4, 4] and [2, 4, 4]"
    ),
    ([16], [.dense(2), .relu], "wrong, on an input of 16: its last layer gives the scores"),
    (
      [8], [.embedding(vocabulary: 7, width: 4), .dense(7)],
      "wrong, on an input of 8: its last layer gives the scores: end with a dense layer, or with an "
    ),
    (
      [8], [.embedding(vocabulary: 7, width: 5), .dense(15), .causalAttention(heads: 2)],
      "wrong, layer 3 (causal attention, 2 heads), on an input of 8 x 15: queries, keys and values "
        + "cannot be cut into 2 equal heads"
    ),
    (
      [8], [.embedding(vocabulary: 7, width: 4), .dense(5), .unembedding(tied: true)],
      "wrong, layer 3 (tied unembedding), on an input of 8 x 5: its width is not the embedding's"
    ),
    (
      [8], [.layerNormalization], "wrong, layer 1 (layer normalization), on an input of 8: it takes"
    ),
    (
      [8], [.dense(4), .embedding(vocabulary: 7, width: 4)],
      "wrong, layer 2 (embedding 7 x 4), on an input of 4: it takes tokens: make it the first layer"
    ),
    (
      [8], [.embedding(vocabulary: 7, width: 4), .dropout(1)],
      "wrong, layer 2 (dropout 1.0), on an input of 8 x 4: use a probability"
    ),
    (
      [1, 4, 4], [.flatten, .residual([.dense(16)]), .dense(2)],
      "wrong, layer 1 (flatten), on an input of 1 x 4 x 4: put a dense layer behind it"
    ),
    (
      [1, 4, 4], [.convolution(2, kernel: 3, padding: .max), .flatten, .dense(2)],
      "wrong, layer 1 (convolution 2, 3x3, padding \(Int.max)), on an input of 1 x 4 x 4: use a window"
    ),
    (
      [1, 4, 4], [.maximumPooling(40_000, stride: 1, padding: 20_000), .flatten, .dense(2)],
      "wrong, layer 1 (maximum pooling 40000x40000, padding 20000), on an input of 1 x 4 x 4: use a"
    ),
    (
      [1, 4, 4], [.gelu, .flatten, .dense(2)],
      "wrong, layer 1 (gelu), on an input of 1 x 4 x 4: put it behind a flatten"
    ),
    (
      [4], Array(repeating: .dropout(0.1), count: 4097) + [.dense(2)],
      "wrong, layer 4097 (dropout 0.1), on an input of 4: use at most 4096"
    ),
    (
      [3],
      [.embedding(vocabulary: 7, width: 7), .unembedding(tied: true), .unembedding(tied: true)],
      "wrong, on an input of 3: an unembedding gives the scores: have one"
    ),
  ])
  func misfits_areNamed(input: [Int], layers: [Layer], message: String) {
    let error = #expect(throws: NetworkError.self) {
      try NetworkOutline(NetworkModel("wrong", input: input, layers: layers))
    }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("\n") == false)
  }

  /// A first layer needs no gradient by its input; the first product of a GPT is not its first layer.
  @Test func products_areThoseOfWeightsAndAttention() throws {
    let mlp = try NetworkOutline(.mlp(input: 784, hidden: [256], classes: 10))
    #expect(mlp.productCount == 784 * 256 + 256 * 10 && mlp.firstProductCount == 784 * 256)
    let gpt = try NetworkOutline(.gpt(layers: 1, heads: 2, width: 4, context: 3))
    let weights = 4 * 12 + 4 * 4 + 2 * 4 * 16 + 4 * 256
    // A query and a value of width 4 for each pair of tokens that see each other.
    #expect(gpt.productCount == 3 * weights + 6 * 2 * 4 && gpt.firstProductCount == 0)
  }

  @Test func weightsTooLarge_areRefused() {
    #expect(throws: ParameterLayoutError.self) {
      try NetworkOutline(
        NetworkModel(
          "large", input: [1 << 20, 1 << 20, 1 << 20], layers: [.flatten, .dense(1 << 20)]))
    }
    #expect(throws: ParameterLayoutError.self) {
      try NetworkOutline(
        NetworkModel("none", input: [1, 4, 4], layers: [.convolution(-1, kernel: 1)]))
    }
  }
}
