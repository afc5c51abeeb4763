import AlignedBuffers
import Objectives
import Testing

@testable import Networks

/// Batch normalization: running statistics, and what evaluation makes of them.
@Suite struct StatisticsTests {
  private static let model = NetworkModel(
    "normalized", input: [3, 5, 4],
    layers: [
      .batchNormalization, .convolution(17, kernel: 3), .batchNormalization, .relu, .flatten,
      .dense(4),
    ])

  private func network() throws -> Network {
    try Network(Self.model, trainingCapacity: 6, evaluationCapacity: 6, threads: 1)
  }

  @Test func gradient_movesTheOwnStatistics() throws {
    let network = try network()
    let statistics = try #require(network.statistics)
    let samples = Samples(count: 6, width: 60, classes: 4, seed: 2)
    #expect(
      statistics.layout.description
        == "layer0.mean[3] layer0.variance[3] layer2.mean[17] layer2.variance[17]")
    let parameters = network.initial(seed: 1)
    _ = try network.gradient(at: parameters, on: samples.batch())
    for channel in 0..<3 {
      let values = samples.rows.flatMap { $0[channel * 20..<(channel + 1) * 20].map(Double.init) }
      let mean = values.reduce(0, +) / 120
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 119
      #expect(abs(Double(statistics.own[channel]) - 0.1 * mean) < 1e-6)
      #expect(abs(Double(statistics.own[3 + channel]) - (0.9 + 0.1 * variance)) < 1e-6)
    }
    let isUntouched = (0..<40).allSatisfy { index in
      let isVariance = (3..<6).contains(index) || (23..<40).contains(index)
      return statistics.evaluated[index] == (isVariance ? 1 : 0)
    }
    #expect(isUntouched)
  }

  @Test func evaluate_takesTheEvaluatedStatistics() throws {
    let network = try network()
    let statistics = try #require(network.statistics)
    for index in 0..<40 { statistics.evaluated[index] = 0.5 + Float(index % 7) / 8 }
    let samples = Samples(count: 5, width: 60, classes: 4, seed: 2)
    let parameters = network.initial(seed: 1, biases: 0.1)
    let naive = NaiveNetwork(
      model: Self.model, statistics: (0..<40).map { Double(statistics.evaluated[$0]) })
    var predictions = [Int32](repeating: -1, count: 5)
    let batch = samples.batch()
    let loss = try network.evaluate(
      at: parameters.span, on: batch, predictions: predictions.mutableSpan)
    let exact = parameters.map { Double($0) }
    #expect(abs(loss - 5 * naive.meanLoss(exact, samples)) < 2e-5)
    for (scores, prediction) in zip(naive.scores(exact, samples), predictions) {
      #expect(scores[Int(prediction)] >= scores.reduce(-.infinity, max) - 1e-5)
    }
  }

  @Test func batchNotFinite_leavesTheStatistics() throws {
    let network = try network()
    let statistics = try #require(network.statistics)
    var samples = Samples(count: 6, width: 60, classes: 4, seed: 2)
    samples.rows[3][7] = .nan
    _ = try network.gradient(at: network.initial(seed: 1), on: samples.batch())
    let isFinite = (0..<40).allSatisfy { statistics.own[$0].isFinite }
    #expect(isFinite)
    // The channels without it move.
    #expect(statistics.own[0] == 0 && statistics.own[1] != 0)
  }
}
