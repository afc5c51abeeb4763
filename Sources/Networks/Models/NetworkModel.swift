/// What a network is, before it is made: its input and its layers.
///
/// ```swift
/// let model = NetworkModel("two-layers", input: [1, 28, 28], layers: [
///   .convolution(16, kernel: 5, stride: 2), .relu,
///   .flatten, .dense(10),
/// ])
/// ```
public struct NetworkModel: Hashable, Sendable {
  /// The name, for messages.
  public let name: String
  /// The shape of a sample: features, channels x rows x columns, or tokens.
  public let input: [Int]
  /// The layers in order; the last one gives the scores: a dense layer those of the classes, an
  /// unembedding those of the tokens.
  public let layers: [Layer]

  /// A model.
  public init(_ name: String, input: [Int], layers: [Layer]) {
    self.name = name
    self.input = input
    self.layers = layers
  }

  /// A multilayer perceptron: dense layers with ReLU between them.
  public static func mlp(input: Int, hidden: [Int], classes: Int) -> NetworkModel {
    NetworkModel(
      "mlp", input: [input],
      layers: hidden.flatMap { [.dense($0), .relu] } + [.dense(classes)])
  }

  /// A small convolutional network.
  ///
  /// ReLU follows the pooling: the same function as before it, for a quarter of the work.
  public static func cnn(input: [Int], classes: Int) -> NetworkModel {
    NetworkModel(
      "cnn", input: input,
      layers: [
        .convolution(32, kernel: 3, padding: 1), .maximumPooling(2, stride: 2), .relu,
        .convolution(64, kernel: 3, padding: 1), .maximumPooling(2, stride: 2), .relu,
        .flatten, .dense(128), .relu, .dense(classes),
      ])
  }

  /// A generative pre-trained transformer as GPT-2, of bytes: Radford et al., "Language Models are
  /// Unsupervised Multitask Learners", 2019.
  ///
  /// Normalization comes before attention and perceptron of each layer, and once more at the end;
  /// drop-out behind the embedding and at the end of each path. Its input are `context` bytes.
  ///
  /// - Parameters:
  ///   - layers: Pairs of attention and a perceptron of four times the width.
  ///   - heads: The heads of an attention; they divide the width.
  ///   - width: The numbers of a byte between the layers.
  ///   - context: The bytes of a sample, and those that a byte is predicted from at the most.
  ///   - tie: Whether the scores take the weights of the embedding.
  ///   - dropout: The probability that a number is dropped.
  public static func gpt(
    layers: Int, heads: Int, width: Int, context: Int, tie: Bool = false, dropout: Double = 0
  ) -> NetworkModel {
    let drop: [Layer] = dropout == 0 ? [] : [.dropout(dropout)]
    let attention: [Layer] = [
      .layerNormalization, .dense(3 * width), .causalAttention(heads: heads), .dense(width),
    ]
    let perceptron: [Layer] = [.layerNormalization, .dense(4 * width), .gelu, .dense(width)]
    let layer: [Layer] = [.residual(attention + drop), .residual(perceptron + drop)]
    return NetworkModel(
      "gpt", input: [context],
      layers: [.embedding(vocabulary: 256, width: width)] + drop
        + Array(repeating: layer, count: layers).joined()
        + [.layerNormalization, .unembedding(tied: tie)])
  }

  /// The residual network for small images of He et al., "Deep Residual Learning for Image
  /// Recognition", 2016, section 4.2: 6n + 2 layers with weights.
  ///
  /// Images of fewer than 32 rows get as many zeros on every side, from the first convolution, as
  /// make at least 32 of them. Where a block changes the shape its shortcut is a 1x1 convolution with
  /// batch normalization.
  ///
  /// - Parameters:
  ///   - input: Channels x rows x columns.
  ///   - depth: 6n + 2: 8, 14, 20, 32, 44, 56, 110, … .
  ///   - widths: The channels of the three stages.
  /// - Precondition: `depth` is 6n + 2 with a positive n.
  public static func resnet(
    input: [Int], classes: Int, depth: Int = 20, widths: [Int] = [16, 32, 64]
  ) -> NetworkModel {
    precondition(depth >= 8 && depth % 6 == 2, "no residual network has \(depth) layers")
    let border = input.count == 3 ? max(0, (32 - input[1] + 1) / 2) : 0
    var layers = normalized(widths[0], kernel: 3, padding: 1 + border) + [.relu]
    for (stage, width) in widths.enumerated() {
      for block in 0..<(depth - 2) / 6 {
        let shrinks = stage > 0 && block == 0
        let stride = shrinks ? 2 : 1
        let path =
          normalized(width, kernel: 3, stride: stride, padding: 1) + [.relu]
          + normalized(width, kernel: 3, padding: 1)
        let shortcut = shrinks ? normalized(width, kernel: 1, stride: stride) : []
        layers += [.residual(path, shortcut: shortcut), .relu]
      }
    }
    layers += [.globalAveragePooling, .flatten, .dense(classes)]
    return NetworkModel("resnet\(depth)", input: input, layers: layers)
  }

  private static func normalized(
    _ channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0
  ) -> [Layer] {
    [
      .convolution(channels, kernel: kernel, stride: stride, padding: padding, bias: false),
      .batchNormalization,
    ]
  }
}
