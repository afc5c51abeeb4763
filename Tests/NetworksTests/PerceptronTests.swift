import AlignedBuffers
import Networks
import Objectives
import Testing

@Suite struct PerceptronTests {
  private static let shapes = [
    [1, 1, 2], [3, 17, 3], [17, 33, 3, 10], [33, 64, 5], [64, 17, 33, 64, 7], [64, 1, 3, 2],
    [5, 3],
    // Weights that are copied by blocks of 256 x 1,024 for the gradient by their input, and multiplied
    // with the transposed input from 16 samples on.
    [4, 1536, 300, 3], [512, 257],
  ]

  private func model(
    _ widths: [Int], capacity: Int = 21, threads: Int = 1
  ) throws -> Network {
    try .perceptron(widths, capacity: capacity, threads: threads)
  }

  @Test(arguments: shapes, [1, 3, 21])
  func gradient_equalsCentralDifferences(widths: [Int], count: Int) throws {
    let samples = Samples(
      count: count, width: widths[0], classes: widths[widths.count - 1], seed: 9)
    let model = try model(widths)
    let naive = NaivePerceptron(widths: widths)
    let parameters = model.initial(seed: 2, biases: 0.1)
    let batch = samples.batch()
    let result = try model.gradient(at: parameters, on: batch)
    let exact = parameters.map { Double($0) }
    #expect(abs(result.loss - naive.meanLoss(exact, samples)) < 2e-6)
    expectCentralDifferences(
      result.gradient, model.layout, at: exact, coordinates: 6, tolerance: { _ in 2e-6 },
      loss: { naive.meanLoss($0, samples) })
    #expect(result.gradient.allSatisfy { $0.isFinite })
  }

  @Test(arguments: shapes)
  func evaluate_equalsTheNaiveModel(widths: [Int]) throws {
    let samples = Samples(
      count: 19, width: widths[0], classes: widths[widths.count - 1], seed: 31)
    let model = try model(widths)
    let naive = NaivePerceptron(widths: widths)
    let parameters = model.initial(seed: 4, biases: 0.1)
    let exact = parameters.map { Double($0) }
    var predictions = [Int32](repeating: -1, count: 20)
    let batch = samples.batch()
    let loss = try model.evaluate(
      at: parameters.span, on: batch, predictions: predictions.mutableSpan)
    #expect(abs(loss - 19 * naive.meanLoss(exact, samples)) < 2e-5)
    for (sample, row) in samples.rows.enumerated() {
      let scores = naive.scores(exact, row)
      #expect(scores[Int(predictions[sample])] >= scores.reduce(-.infinity, max) - 1e-5)
    }
    #expect(predictions[19] == -1)
    let empty = Batch(capacity: 1, width: widths[0])
    let nothing = try model.evaluate(
      at: parameters.span, on: empty, predictions: predictions.mutableSpan)
    #expect(nothing == 0)
  }

  @Test func withoutHiddenLayers_isLogisticRegression() throws {
    let samples = Samples(count: 7, width: 13, classes: 4, seed: 1)
    let linear = try model([13, 4])
    let logistic = try LogisticRegression(width: 13, classCount: 4)
    let parameters = linear.initial(seed: 8, biases: 0.3)
    let batch = samples.batch()
    let first = try linear.gradient(at: parameters, on: batch)
    let second = try logistic.gradient(at: parameters, on: batch)
    #expect(abs(first.loss - second.loss) < 1e-6)
    for (left, right) in zip(first.gradient, second.gradient) {
      #expect(abs(left - right) < 1e-6)
    }
  }

  @Test func gradient_isTheMeanOfHalves() throws {
    let widths = [20, 33, 6]
    let samples = Samples(count: 16, width: 20, classes: 6, seed: 5)
    let model = try model(widths)
    let parameters = model.initial(seed: 6)
    let whole = samples.batch()
    let front = samples[0..<8].batch()
    let back = samples[8..<16].batch()
    let mean = try model.gradient(at: parameters, on: whole)
    let first = try model.gradient(at: parameters, on: front)
    let second = try model.gradient(at: parameters, on: back)
    #expect(abs(mean.loss - (first.loss + second.loss) / 2) < 1e-6)
    for index in mean.gradient.indices {
      let average = (first.gradient[index] + second.gradient[index]) / 2
      #expect(abs(mean.gradient[index] - average) < 1e-6)
    }
  }

  @Test(arguments: [1, 2])
  func gradient_repeatsBitForBit(threads: Int) throws {
    let widths = [200, 65, 33, 10]
    let samples = Samples(count: 48, width: 200, classes: 10, seed: 12)
    let model = try model(widths, capacity: 64, threads: threads)
    let parameters = model.initial(seed: 3)
    let first = try model.gradient(at: parameters, on: samples.batch())
    for round in 0..<4 {
      // A smaller batch between, other places in memory, another model of another capacity.
      let small = samples[0..<5 + round].batch()
      _ = try model.gradient(at: parameters, on: small)
      let other = try self.model(widths, capacity: 48 + round, threads: threads)
      let spare = samples.batch(spare: round)
      var moved = AlignedBuffer<Float>(repeating: .nan, count: parameters.count + round)
      for index in parameters.indices { moved[round + index] = parameters[index] }
      var gradient = AlignedBuffer<Float>(repeating: .nan, count: parameters.count + round)
      for again in [model, other] {
        let loss = try again.gradient(
          at: moved.span.extracting(droppingFirst: round), on: spare,
          into: gradient.mutableSpan(in: round..<gradient.count))
        #expect(loss.bitPattern == first.loss.bitPattern)
        let different = parameters.indices.filter {
          gradient[round + $0].bitPattern != first.gradient[$0].bitPattern
        }
        #expect(different.isEmpty)
      }
    }
  }

  @Test func parameters_areNotWritten() throws {
    let samples = Samples(count: 4, width: 9, classes: 3, seed: 2)
    let model = try model([9, 8, 3])
    let parameters = model.initial(seed: 1)
    let batch = samples.batch()
    _ = try model.gradient(at: parameters, on: batch)
    #expect(parameters == model.initial(seed: 1))
  }

  @Test(arguments: [Float.nan, .infinity])
  func featureNotFinite_showsInTheGradient(value: Float) throws {
    var samples = Samples(count: 4, width: 9, classes: 3, seed: 2)
    samples.rows[1][4] = value
    let model = try model([9, 8, 8, 3])
    let batch = samples.batch()
    let result = try model.gradient(at: model.initial(seed: 1), on: batch)
    #expect(!result.loss.isFinite || result.gradient.contains { !$0.isFinite })
  }
}
