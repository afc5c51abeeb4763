import AlignedBuffers
import Datasets
import Networks
import Objectives
import TestSupport
import Testing

@testable import Training

@Suite("A batch in parts")
struct GradientAccumulationTests {
  static let models: [NetworkModel] = [
    .mlp(input: 9, hidden: [8], classes: 4), .cnn(input: [1, 8, 8], classes: 4),
    .gpt(layers: 2, heads: 2, width: 8, context: 6),
  ]

  @Test(arguments: models, [1, 2, 5, 12])
  func sumOfTheParts_isTheBatch(model: NetworkModel, parts: Int) throws {
    let network = try Network(model, trainingCapacity: 12, evaluationCapacity: 1, threads: 1)
    let samples = Self.samples(of: network, count: 12)
    let whole = try Self.gradient(of: network, on: samples)
    let recorder = Recorder(count: network.layout.count)
    let sum = try Self.accumulated(network, samples, parts: parts, recorder)
    #expect(abs(sum.loss - whole.loss) < 1e-6 * whole.loss)
    // Each is within 2e-5 of Double's; 2e-6 with AVX2, 2.3e-6 with AVX-512 were seen.
    #expect(Self.distance(sum, whole, network.layout) < 1e-5)
    // Whoever is told of final parts is told of the same sum.
    #expect(recorder.start < network.layout.count)
    #expect(recorder.gradient[recorder.start...] == sum.gradient[recorder.start...])
    #expect(abs(recorder.loss - whole.loss) < 1e-6 * whole.loss)
  }

  /// What the tolerance above would not pass.
  @Test(arguments: models)
  func sumWithoutAPart_isFarFromTheBatch(model: NetworkModel) throws {
    let network = try Network(model, trainingCapacity: 12, evaluationCapacity: 1, threads: 1)
    let samples = Self.samples(of: network, count: 12)
    let whole = try Self.gradient(of: network, on: samples)
    let rest = try Self.accumulated(network, Array(samples.prefix(10)), parts: 5)
    #expect(Self.distance(rest, whole, network.layout) > 1e-2)
  }

  /// Over more than 512 rows a dense layer has a backward pass of its own, in short steps.
  @Test(
    arguments: zip(
      [models[0], .mlp(input: 9, hidden: [512, 8], classes: 4), models[2]], [700, 700, 151]))
  func manyRows_areTheSumOfFew(model: NetworkModel, count: Int) throws {
    let network = try Network(model, trainingCapacity: count, evaluationCapacity: 1, threads: 1)
    let samples = Self.samples(of: network, count: count)
    let many = try Self.gradient(of: network, on: samples)
    let few = try Self.accumulated(network, samples, parts: 2)
    #expect(Self.distance(many, few, network.layout) < 1e-5)
    var room = AlignedBuffer<Float>(repeating: .nan, count: network.layout.count)
    let steps = try [count, count / 2].map { count in
      let recorder = Recorder(count: network.layout.count)
      _ = try Self.gradient(
        of: network, on: samples.prefix(count), into: &room, observer: recorder)
      return recorder.stepCount
    }
    // Two layers at least, six parts of 128 rows in each.
    #expect(steps[0] >= steps[1] + 2 * 5)
  }
}

extension GradientAccumulationTests {
  private typealias Result = (loss: Double, gradient: [Float])

  private struct Sample {
    let features: [Float]
    let label: Int32
  }

  /// Random features, or sequences all of whose tokens are predicted.
  private static func samples(of network: Network, count: Int) -> [Sample] {
    var dice = Dice(seed: 3)
    let shape = network.outline.featureShape
    let isSequential = network.outline.isSequential
    return (0..<count).map { _ in
      Sample(
        features: (0..<shape.reduce(1, *)).map { _ in
          isSequential ? Float(dice.roll(256)) : Float(dice.roll(2001) - 1000) / 500
        }, label: Int32(isSequential ? shape[0] - 1 : dice.roll(4)))
    }
  }

  private static func gradient(of network: Network, on samples: [Sample]) throws -> Result {
    var room = AlignedBuffer<Float>(repeating: .nan, count: network.layout.count)
    let loss = try gradient(of: network, on: samples[...], into: &room, observer: nil)
    return (loss, (0..<room.count).map { room[$0] })
  }

  private static func gradient(
    of network: Network, on samples: ArraySlice<Sample>, into gradient: inout AlignedBuffer<Float>,
    observer: (any GradientObserver)?
  ) throws -> Double {
    var batch = Batch(capacity: samples.count, width: samples.first?.features.count ?? 0)
    for sample in samples {
      batch.append(label: sample.label) { row in
        for (column, feature) in sample.features.enumerated() { row[column] = feature }
      }
    }
    var parameters = [Float](repeating: 0, count: network.layout.count)
    network.initialize(parameters.mutableSpan, seed: 5)
    return try network.gradient(
      at: parameters.span, on: batch, into: gradient.mutableSpan, observer: observer)
  }

  private static func accumulated(
    _ network: Network, _ samples: [Sample], parts: Int, _ observer: Recorder? = nil
  ) throws -> Result {
    let parts = ContiguousPartition(count: samples.count, parts: parts)
    let accumulation = GradientAccumulation(parameters: network.layout.count)
    var room = AlignedBuffer<Float>(repeating: .nan, count: network.layout.count)
    let loss = try accumulation.run(parts, into: &room, observer: observer) {
      part, room, observer in
      try gradient(of: network, on: samples[parts[part]], into: &room, observer: observer)
    }
    return (loss, (0..<room.count).map { room[$0] })
  }

  /// The largest difference of a tensor's numbers, by its largest one.
  private static func distance(
    _ one: Result, _ other: Result, _ layout: ParameterLayout
  ) -> Float {
    layout.tensors.map { tensor in
      let distance = tensor.range.map { abs(one.gradient[$0] - other.gradient[$0]) }.max() ?? 0
      return distance / (tensor.range.map { abs(other.gradient[$0]) }.max() ?? 0)
    }.max() ?? 0
  }
}

/// Keeps what it is told.
private final class Recorder: GradientObserver {
  private(set) var gradient: [Float]
  private(set) var start: Int
  private(set) var loss = Double.nan
  private(set) var stepCount = 0

  init(count: Int) {
    gradient = [Float](repeating: .nan, count: count)
    start = count
  }

  func gradient(
    _ gradient: Span<Float>, isFinalIn coordinates: Range<Int>, loss: Double
  ) {
    for index in coordinates { self.gradient[index] = gradient[index] }
    start = coordinates.lowerBound
    self.loss = loss
  }

  func didWork() { stepCount += 1 }
}
