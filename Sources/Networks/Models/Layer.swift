/// A layer of a network; a list of them is a model, read from its input to its scores.
///
/// Images are channels x rows x columns. Dense layers take them as they are, in this order: a dense
/// layer's weights are outputs x (channels · rows · columns).
///
/// Sequences are tokens x width; dense layers and ReLU treat each token alike.
public indirect enum Layer: Hashable, Sendable {
  /// Channels of sums over windows of kernel x kernel, with zeros around the image.
  ///
  /// Tensors: `weight`, channels x input channels x kernel x kernel, and `bias` if there is one.
  case convolution(
    _ channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true)
  /// Each channel to mean 0 and variance 1 over the batch, then times `scale` plus `shift`.
  ///
  /// Evaluation takes running statistics instead of the batch's: see `Network`.
  case batchNormalization
  /// The positive part.
  case relu
  /// The largest of each window of size x size.
  case maximumPooling(_ size: Int, stride: Int, padding: Int = 0)
  /// The mean of each window of size x size, zeros around the image counted.
  case averagePooling(_ size: Int, stride: Int, padding: Int = 0)
  /// The mean of each channel.
  case globalAveragePooling
  /// An image as a row of features; no work, a dense layer follows.
  case flatten
  /// Sums over all inputs.
  ///
  /// Tensors: `weight`, outputs x inputs, and `bias`.
  case dense(_ outputs: Int)
  /// The sum of two paths from the same input; an empty path passes it on.
  case residual(_ path: [Layer], shortcut: [Layer] = [])
  /// A vector for each token, the sum of one for what it is and one for where it stands.
  ///
  /// The first layer of a model of sequences, whose input is the number of tokens. Tensors: `token`,
  /// vocabulary x width, and `position`, tokens x width.
  case embedding(vocabulary: Int, width: Int)
  /// Each token to mean 0 and variance 1 over its width, then times `scale` plus `shift`.
  case layerNormalization
  /// Attention of each token to itself and those before it, in several heads.
  ///
  /// The input is queries, keys and values side by side, 3 x width, so a dense layer comes before
  /// it; each is cut into heads of equal width d. Scores are divided by √d. No tensors.
  case causalAttention(heads: Int)
  /// x · Φ(x) in its tanh form: 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))); not of images.
  case gelu
  /// In training each number is 0 with this probability, else divided by its complement; not of
  /// images.
  ///
  /// Drawn for the batch's seed, rank and step: see `Network`.
  case dropout(Double)
  /// Scores of the next token: sums over the width, without bias; the last layer of a model of
  /// sequences.
  ///
  /// Tensor: `weight`, vocabulary x width; none where tied, which takes the embedding's `token`.
  case unembedding(tied: Bool)
}

extension Layer: CustomStringConvertible {
  /// The layer in a few words, such as `convolution 32, 3x3, padding 1`.
  public var description: String {
    switch self {
    case .convolution(let channels, let kernel, let stride, let padding, let bias):
      "convolution \(channels), \(Self.window(kernel, stride, padding))"
        + (bias ? "" : ", no bias")
    case .batchNormalization: "batch normalization"
    case .relu: "relu"
    case .maximumPooling(let size, let stride, let padding):
      "maximum pooling \(Self.window(size, stride, padding))"
    case .averagePooling(let size, let stride, let padding):
      "average pooling \(Self.window(size, stride, padding))"
    case .globalAveragePooling: "global average pooling"
    case .flatten: "flatten"
    case .dense(let outputs): "dense \(outputs)"
    case .residual: "residual sum"
    case .embedding(let vocabulary, let width): "embedding \(vocabulary) x \(width)"
    case .layerNormalization: "layer normalization"
    case .causalAttention(let heads): "causal attention, \(heads) heads"
    case .gelu: "gelu"
    case .dropout(let probability): "dropout \(probability)"
    case .unembedding(let tied): tied ? "tied unembedding" : "unembedding"
    }
  }

  private static func window(_ size: Int, _ stride: Int, _ padding: Int) -> String {
    "\(size)x\(size)" + (stride == 1 ? "" : ", stride \(stride)")
      + (padding == 0 ? "" : ", padding \(padding)")
  }
}
