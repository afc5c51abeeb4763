public import Objectives

/// What a model comes to: the shapes and tensors of its layers.
public struct NetworkOutline: Sendable {
  /// A layer of the model, or of a path in it.
  public struct Line: Sendable {
    /// The layer.
    public let layer: Layer
    /// How many residual sums it lies in.
    public let depth: Int
    /// The shape of its output for a sample.
    public let output: [Int]
    /// The number of its own parameters.
    public let parameters: Int
  }

  /// The model.
  public let model: NetworkModel
  /// The layers in order; a residual sum follows its paths.
  public let lines: [Line]
  /// The named tensors of the parameters.
  public let layout: ParameterLayout
  /// The named tensors of the running statistics; nil without batch normalization.
  public let statistics: ParameterLayout?
  /// The number of classes; of a model of sequences that of different tokens.
  public let classCount: Int
  /// Whether the model is one of sequences: its samples are tokens, and each is scored for the next.
  public let isSequential: Bool
  /// Whether its scores take the weights of the embedding.
  let isTied: Bool
  /// The numbers of the tensors whose products are added in residual sums.
  let residualOutputs: Set<Int>

  /// The outline of a model.
  ///
  /// - Throws: `NetworkError` where shapes do not fit, `ParameterLayoutError` where a width is not
  ///   positive or tensors are too large.
  public init(_ model: NetworkModel) throws {
    var walk = OutlineWalk(model: model.name)
    guard [1, 3].contains(model.input.count), model.input.allSatisfy({ $0 > 0 }) else {
      throw NetworkError(
        place: model.name, input: model.input,
        reason: "expected features, or channels x rows x columns, of 1 or more")
    }
    _ = try walk.follow(model.layers, from: model.input, depth: 0)
    switch model.layers.last {
    case .dense(let classes) where walk.vocabulary == nil:
      classCount = classes
      isTied = false
    case .unembedding(let tied):
      classCount = walk.vocabulary ?? 0
      isTied = tied
    default:
      throw NetworkError(
        place: model.name, input: model.input,
        reason: "its last layer gives the scores: end with a dense layer, or with an unembedding "
          + "where an embedding is the first")
    }
    let scoresBefore = walk.lines.dropLast().contains {
      if case .unembedding = $0.layer { true } else { false }
    }
    guard !scoresBefore else {
      throw NetworkError(
        place: model.name, input: model.input,
        reason: "an unembedding gives the scores: have one, as the last layer")
    }
    self.model = model
    isSequential = walk.vocabulary != nil
    residualOutputs = walk.residualOutputs
    lines = walk.lines
    layout = try ParameterLayout(walk.tensors, undecayed: walk.positions)
    statistics = walk.averages.isEmpty ? nil : try ParameterLayout(walk.averages)
  }

  /// The rows of scores of a sample.
  var scoredCount: Int { isSequential ? model.input[0] : 1 }

  /// The shape of a sample's features: the model's input, of sequences with the last token's target.
  public var featureShape: [Int] { isSequential ? [model.input[0] + 1] : model.input }

  /// The numbers between the layers for one sample.
  public var activationCount: Int {
    ([model.input] + lines.map(\.output)).reduce(0) { sum, shape in
      let (total, overflow) = sum.addingReportingOverflow(saturatingProduct(of: shape))
      return overflow ? .max : total
    }
  }
}

/// The way through the layers that collects shapes and tensors.
private struct OutlineWalk {
  let model: String
  var lines: [NetworkOutline.Line] = []
  var tensors: [(name: String, shape: [Int])] = []
  var averages: [(name: String, shape: [Int])] = []
  /// The number of layers with tensors so far.
  private var named = 0
  private var dropouts = 0
  /// The number of different tokens, once an embedding was met.
  private(set) var vocabulary: Int?
  /// The names of embeddings of places.
  private(set) var positions: Set<String> = []
  private(set) var residualOutputs: Set<Int> = []

  init(model: String) { self.model = model }

  mutating func follow(_ layers: [Layer], from input: [Int], depth: Int) throws -> [Int] {
    var shape = input
    for (place, layer) in layers.enumerated() {
      if layer == .flatten {
        guard place + 1 < layers.count, case .dense = layers[place + 1] else {
          throw misfit(layer, shape, "put a dense layer behind it")
        }
      }
      let first = tensors.count
      shape = try follow(layer, from: shape, depth: depth)
      // Checked here, so that what is too large is told before the next shape is formed.
      var parameters = try ParameterLayout(Array(tensors[first...])).count
      if case .residual = layer { parameters = 0 }
      lines.append(.init(layer: layer, depth: depth, output: shape, parameters: parameters))
    }
    return shape
  }

  private mutating func follow(_ layer: Layer, from input: [Int], depth: Int) throws -> [Int] {
    switch layer {
    case .embedding, .layerNormalization, .causalAttention, .unembedding:
      return try followSequence(layer, from: input)
    case .relu: return input
    case .gelu, .dropout:
      try checkNumbers(layer, input)
      return input
    case .convolution(let channels, let kernel, let stride, let padding, let bias):
      let output = try window(layer, channels, kernel, stride, padding, on: input)
      let weight = ("weight", [channels, input[0], kernel, kernel])
      name([weight] + (bias ? [("bias", [channels])] : []))
      return output
    case .maximumPooling(let size, let stride, let padding),
      .averagePooling(let size, let stride, let padding):
      let output = try window(layer, try image(layer, input)[0], size, stride, padding, on: input)
      guard 2 * padding <= size else {
        throw misfit(layer, input, "use a padding of at most half the window")
      }
      return output
    case .globalAveragePooling: return [try image(layer, input)[0], 1, 1]
    case .batchNormalization:
      let channels = try image(layer, input)[0]
      averages += ["mean", "variance"].map { ("layer\(named).\($0)", [channels]) }
      name([("scale", [channels]), ("shift", [channels])])
      return input
    case .flatten: return [saturatingProduct(of: try image(layer, input))]
    case .dense(let outputs):
      guard input.count < 3 else { throw misfit(layer, input, "put a flatten layer before it") }
      name([("weight", [outputs, input[input.count - 1]]), ("bias", [outputs])])
      return input.dropLast() + [outputs]
    case .residual(let path, let shortcut):
      let first = tensors.count
      let output = try follow(path, from: input, depth: depth + 1)
      if let last = tensors[first...].lastIndex(where: { $0.shape.count >= 2 }) {
        residualOutputs.insert(last)
      }
      let other = try follow(shortcut, from: input, depth: depth + 1)
      guard output == other else {
        throw misfit(
          layer, input, "its paths end in the shapes \(output) and \(other): make them equal")
      }
      return output
    }
  }

  /// The layers that work on one number after the other, in plain memory.
  private mutating func checkNumbers(_ layer: Layer, _ input: [Int]) throws {
    guard input.count < 3 else {
      throw misfit(layer, input, "put it behind a flatten and a dense layer")
    }
    guard case .dropout(let probability) = layer else { return }
    dropouts += 1
    guard probability >= 0, probability < 1 else {
      throw misfit(layer, input, "use a probability of 0 or more and below 1")
    }
    guard dropouts <= Dropout.maximumLayers else {
      throw misfit(layer, input, "use at most \(Dropout.maximumLayers) layers that drop numbers")
    }
  }

  /// The layers that only models of sequences have.
  private mutating func followSequence(_ layer: Layer, from input: [Int]) throws -> [Int] {
    if case .embedding(let tokens, let width) = layer {
      guard lines.isEmpty, input.count == 1 else {
        throw misfit(layer, input, "it takes tokens: make it the first layer")
      }
      vocabulary = tokens
      positions = ["layer\(named).position"]
      name([("token", [tokens, width]), ("position", [input[0], width])])
      return [input[0], width]
    }
    guard input.count == 2, let vocabulary else {
      throw misfit(layer, input, "it takes sequences, tokens x width: put an embedding first")
    }
    switch layer {
    case .layerNormalization: name([("scale", [input[1]]), ("shift", [input[1]])])
    case .causalAttention(let heads):
      guard heads > 0, input[1] % (3 * heads) == 0 else {
        throw misfit(
          layer, input,
          "queries, keys and values cannot be cut into \(heads) equal heads: use a "
            + "width that is a multiple of the heads, and three of it before this layer")
      }
      return [input[0], input[1] / 3]
    default:
      if case .unembedding(tied: true) = layer {
        guard tensors[0].shape == [vocabulary, input[1]] else {
          throw misfit(layer, input, "its width is not the embedding's, which it shares")
        }
      } else {
        name([("weight", [vocabulary, input[1]])])
      }
      return [input[0], vocabulary]
    }
    return input
  }

  private mutating func name(_ tensors: [(name: String, shape: [Int])]) {
    self.tensors += tensors.map { ("layer\(named).\($0.name)", $0.shape) }
    named += 1
  }

  private func image(_ layer: Layer, _ input: [Int]) throws(NetworkError) -> [Int] {
    guard input.count == 3 else {
      throw misfit(layer, input, "it takes images, channels x rows x columns")
    }
    return input
  }

  /// The output of a layer that moves a window over an image.
  private func window(
    _ layer: Layer, _ channels: Int, _ size: Int, _ stride: Int, _ padding: Int, on input: [Int]
  ) throws(NetworkError) -> [Int] {
    let most = MaximumPooling.largestWindow
    guard (1...most).contains(size), (1...most).contains(stride), (0...most).contains(padding)
    else {
      throw misfit(
        layer, input, "use a window and a stride of 1 to \(most), a padding of 0 to \(most)")
    }
    let padded = try image(layer, input)[1...].map { $0 + 2 * padding }
    guard padded.allSatisfy({ $0 >= size }) else {
      throw misfit(layer, input, "the window is larger than its input: use a smaller one")
    }
    return [channels] + padded.map { ($0 - size) / stride + 1 }
  }

  private func misfit(_ layer: Layer, _ input: [Int], _ reason: String) -> NetworkError {
    NetworkError(
      place: "\(model), layer \(lines.count + 1) (\(layer))", input: input, reason: reason)
  }
}

/// A product that stays at the largest number where it would overflow.
private func saturatingProduct(of shape: [Int]) -> Int {
  shape.reduce(1) { product, length in
    let (next, overflow) = product.multipliedReportingOverflow(by: length)
    return overflow ? .max : next
  }
}
