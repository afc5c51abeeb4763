import Objectives
import Testing

@testable import Networks

/// Models of sequences, against the naive network and its central differences.
@Suite struct SequenceTests {
  /// Small networks around one layer each.
  static func models(width: Int) -> [NetworkModel] {
    func model(_ name: String, tokens: Int = 5, _ layers: [Layer]) -> NetworkModel {
      NetworkModel(
        "\(name), width \(width)", input: [tokens],
        layers: [.embedding(vocabulary: 7, width: width)] + layers + [.unembedding(tied: false)])
    }
    return [
      model("embedding", []),
      model("one token", tokens: 1, [.dense(3 * width), .causalAttention(heads: 1)]),
      model("normalization", [.layerNormalization]),
      model("gelu", [.dense(width + 2), .gelu, .dense(width)]),
      model("relu", [.dense(width + 1), .relu, .dense(3)]),
      model("attention", tokens: 9, [.dense(3 * width), .causalAttention(heads: width)]),
      model("residual", [.residual([.layerNormalization, .dense(width)])]),
      model("dropout", tokens: 40, [.dropout(0.3), .residual([.dense(width), .dropout(0.6)])]),
    ]
  }

  @Test(arguments: [1, 3, 17, 33].flatMap(models(width:)))
  func layer_gradientEqualsCentralDifferences(model: NetworkModel) throws {
    try compare(model, samples: 3)
  }

  @Test func attentionOverSeveralBlocks_gradientEqualsCentralDifferences() throws {
    let layers: [Layer] = [
      .embedding(vocabulary: 7, width: 4), .dense(12), .causalAttention(heads: 2),
      .unembedding(tied: false),
    ]
    try compare(
      NetworkModel("long", input: [67], layers: layers), samples: 1, coordinates: 3)
  }

  @Test(arguments: [false, true])
  func gpt_gradientEqualsCentralDifferences(tie: Bool) throws {
    try compare(
      .gpt(layers: 1, heads: 3, width: 15, context: 5, tie: tie, dropout: 0.2), samples: 2,
      coordinates: 2)
  }

  /// At a size that is used: along a tensor's gradient the loss rises by the gradient's norm.
  @Test func gptOfFullWidth_risesAlongItsGradient() throws {
    let network = try Network(
      .gpt(layers: 2, heads: 4, width: 128, context: 96), trainingCapacity: 2,
      evaluationCapacity: 1, threads: 1)
    let batch = Samples(sequences: 2, tokens: 96, vocabulary: 256, seed: 4).batch()
    var parameters = network.initial(seed: 3, biases: 0.1)
    for index in parameters.indices { parameters[index] *= 2 }
    let gradient = try network.gradient(at: parameters, on: batch).gradient
    for tensor in network.layout.tensors {
      let norm = tensor.range.reduce(0.0) { $0 + Double(gradient[$1]) * Double(gradient[$1]) }
        .squareRoot()
      let step = 0.02 / max(norm, 0.2)
      func loss(_ sign: Double) throws -> Double {
        var moved = parameters
        for index in tensor.range {
          moved[index] += Float(sign * step * Double(gradient[index]) / norm)
        }
        return try network.gradient(at: moved, on: batch).loss
      }
      let slope = try (loss(1) - loss(-1)) / (2 * step)
      #expect(abs(slope - norm) < 0.01 * norm + 1e-4, "\(tensor.name): \(slope), not \(norm)")
    }
  }

  @Test func evaluate_dropsNothingAndCountsWhatIsPredicted() throws {
    let model = NetworkModel.gpt(layers: 1, heads: 2, width: 6, context: 8, dropout: 0.5)
    let network = try Network(model, trainingCapacity: 1, evaluationCapacity: 4, threads: 1)
    let samples = Samples(sequences: 3, tokens: 8, vocabulary: 256, seed: 4)
    let parameters = network.initial(seed: 3, biases: 0.1)
    var predictions: [Int32] = []
    let batch = samples.batch()
    let loss = try network.evaluate(
      at: parameters.span, on: batch, predictions: predictions.mutableSpan)
    #expect(network.lossCount(of: batch) == 23)
    let expected = NaiveNetwork(model: model).meanLoss(parameters.map { Double($0) }, samples)
    #expect(abs(loss / 23 - expected) < 1e-5)
    #expect(network.classCount == nil)
  }

  @Test func dropout_changesWithTheStepAndTheRankOnly() throws {
    let model = NetworkModel.gpt(layers: 1, heads: 2, width: 6, context: 8, dropout: 0.5)
    let network = try Network(model, trainingCapacity: 2, evaluationCapacity: 2, threads: 1)
    let parameters = network.initial(seed: 3)
    func loss(rank: Int, step: Int) throws -> Double {
      var batch = Samples(sequences: 2, tokens: 8, vocabulary: 256, seed: 4).batch()
      batch.noise = NoisePosition(seed: 9, rank: rank, step: step)
      return try network.gradient(at: parameters, on: batch).loss
    }
    let first = try loss(rank: 0, step: 0)
    #expect(try loss(rank: 0, step: 0) == first)
    #expect(try loss(rank: 1, step: 0) != first)
    #expect(try loss(rank: 0, step: 1) != first)
  }

  @Test func notFinite_showsInTheLoss() throws {
    let network = try Network(
      .gpt(layers: 1, heads: 2, width: 6, context: 8), trainingCapacity: 2, evaluationCapacity: 2,
      threads: 1)
    let batch = Samples(sequences: 2, tokens: 8, vocabulary: 256, seed: 4).batch()
    for tensor in network.layout.tensors where tensor.name.hasSuffix("weight") {
      var parameters = network.initial(seed: 3)
      parameters[tensor.range.lowerBound] = .nan
      let result = try network.gradient(at: parameters, on: batch)
      #expect(!result.loss.isFinite, "\(tensor.name)")
    }
  }

  @Test func initialWeights_areNarrowerInResidualOutputs() throws {
    let network = try Network(
      .gpt(layers: 8, heads: 2, width: 32, context: 8), trainingCapacity: 1, evaluationCapacity: 1,
      threads: 1)
    let parameters = network.initial(seed: 5)
    for tensor in network.layout.tensors {
      let values = parameters[tensor.range].map { Double($0) }
      guard tensor.shape.count == 2 else {
        #expect(values.allSatisfy { $0 == (tensor.name.hasSuffix("scale") ? 1 : 0) })
        continue
      }
      let deviation = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
      // The second product of an attention, and of a perceptron.
      let isOutput = tensor.shape == [32, 32] || tensor.shape == [32, 128]
      #expect(abs(deviation / (isOutput ? 0.005 : 0.02) - 1) < 0.15, "\(tensor.name)")
    }
  }

  @Test func steadySteps_compileNothingAndReorderNothing() throws {
    let network = try Network(
      .gpt(layers: 2, heads: 2, width: 32, context: 8), trainingCapacity: 4, evaluationCapacity: 4,
      threads: 1)
    let batch = Samples(sequences: 4, tokens: 8, vocabulary: 256, seed: 4).batch()
    let parameters = network.initial(seed: 3)
    let first = try network.gradient(at: parameters, on: batch)
    let (programs, arena) = (network.programs.count, network.arenaByteCount)
    for _ in 0..<3 {
      let again = try network.gradient(at: parameters, on: batch)
      #expect(again.loss == first.loss && again.gradient == first.gradient)
      _ = try network.scores(after: [1, 2, 3], at: parameters.span)
    }
    // One more for a sequence alone.
    #expect(network.programs.count == programs + 1 && network.arenaByteCount == arena)
    let steps = try network.program(count: 4, trains: true)
    let reorders: [OperationKind] = [.weightReorder, .activationReorder]
    #expect(!(steps.forward + steps.backward).contains { reorders.contains($0.kind) })
  }

  @Test func scores_areThoseOfTheLastToken() throws {
    let model = NetworkModel.gpt(layers: 1, heads: 2, width: 6, context: 8)
    let network = try Network(model, trainingCapacity: 1, evaluationCapacity: 2, threads: 1)
    let parameters = network.initial(seed: 3, biases: 0.1)
    let samples = Samples(sequences: 1, tokens: 8, vocabulary: 256, seed: 4)
    let bytes = samples.rows[0].map { UInt8($0) }
    let naive = NaiveNetwork(model: model).scores(parameters.map { Double($0) }, samples)[0]
    for count in [1, 3, 8] {
      let scores = try network.scores(after: bytes.prefix(count), at: parameters.span)
      let expected = naive[(count - 1) * 256..<count * 256]
      #expect(zip(scores, expected).allSatisfy { abs(Double($0) - $1) < 1e-5 })
    }
  }

  /// Loss and some coordinates of each tensor's gradient.
  private func compare(_ model: NetworkModel, samples count: Int, coordinates: Int = 4) throws {
    let network = try Network(model, trainingCapacity: count + 2, evaluationCapacity: 4, threads: 1)
    let samples = Samples(
      sequences: count, tokens: model.input[0], vocabulary: network.outline.classCount, seed: 9)
    let noise = NoisePosition(seed: 1, rank: 2, step: 3)
    let naive = NaiveNetwork(model: model, noise: noise)
    var parameters = network.initial(seed: 3, biases: 0.1)
    // Larger than the initial weights, so that attention and normalization are not nearly linear.
    for index in parameters.indices { parameters[index] *= 10 }
    var batch = samples.batch()
    batch.noise = noise
    try expectLossAndGradient(
      of: network, as: naive, at: parameters, samples, batch, coordinates: coordinates)
  }
}
