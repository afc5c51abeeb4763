import CounterRandom
import Foundation
import Objectives
import Testing

@Suite struct LogisticRegressionTests {
  private static let shapes = [
    [1, 1, 2], [5, 3, 2], [7, 8, 3], [4, 17, 10], [33, 33, 4], [2, 64, 5],
  ]

  /// The mean loss, straight from its definition: − ln of the softmax at the label.
  private func naiveLoss(_ parameters: [Double], _ samples: Samples, classes: Int) -> Double {
    let width = samples.rows[0].count
    var total = 0.0
    for (row, label) in zip(samples.rows, samples.labels) {
      let weights = (0..<classes).map { number in
        var score = parameters[classes * width + number]
        for (column, feature) in row.enumerated() {
          score += parameters[number * width + column] * Double(feature)
        }
        return exp(score)
      }
      total -= log(weights[Int(label)] / weights.reduce(0, +))
    }
    return total / Double(samples.rows.count)
  }

  private func point(_ count: Int, seed: UInt64) -> [Float] {
    let stream = RandomStream(seed: seed, purpose: .initialization)
    return (0..<count).map { Float(0.5 * stream.normal(at: $0)) }
  }

  @Test(arguments: shapes)
  func gradient_equalsCentralDifferences(shape: [Int]) throws {
    let (count, width, classes) = (shape[0], shape[1], shape[2])
    let samples = Samples(count: count, width: width, classes: classes, seed: 11)
    let objective = try LogisticRegression(width: width, classCount: classes)
    let parameters = point(objective.layout.count, seed: 3)
    var batch = Batch(capacity: count + 2, width: width)
    samples.fill(&batch)
    let result = try objective.gradient(at: parameters, on: batch)
    let exact = parameters.map { Double($0) }
    #expect(abs(result.loss - naiveLoss(exact, samples, classes: classes)) < 1e-12)
    let step = 1e-5
    for index in stride(from: 0, to: exact.count, by: max(1, exact.count / 40)) {
      var up = exact
      var down = exact
      up[index] += step
      down[index] -= step
      let difference =
        (naiveLoss(up, samples, classes: classes) - naiveLoss(down, samples, classes: classes))
        / (2 * step)
      #expect(abs(Double(result.gradient[index]) - difference) < 1e-7, "coordinate \(index)")
    }
  }

  @Test func gradient_atZeroHasItsClosedForm() throws {
    let samples = Samples(count: 6, width: 5, classes: 4, seed: 2)
    let objective = try LogisticRegression(width: 5, classCount: 4)
    var batch = Batch(capacity: 6, width: 5)
    samples.fill(&batch)
    let result = try objective.gradient(at: objective.initial(seed: 1), on: batch)
    #expect(abs(result.loss - log(4)) < 1e-15)
    for number in 0..<4 {
      for column in 0..<5 {
        var sum = 0.0
        for (row, label) in zip(samples.rows, samples.labels) {
          sum += (0.25 - (Int(label) == number ? 1 : 0)) * Double(row[column])
        }
        #expect(result.gradient[number * 5 + column] == Float(sum / 6))
      }
    }
  }

  @Test(arguments: shapes)
  func sparse_equalsDenseBitForBit(shape: [Int]) throws {
    let (count, width, classes) = (shape[0], shape[1], shape[2])
    let samples = Samples(count: count, width: width, classes: classes, seed: 21)
    let objective = try LogisticRegression(width: width, classCount: classes)
    let parameters = point(objective.layout.count, seed: 4)
    var dense = Batch(capacity: count, width: width)
    var sparse = Batch(capacity: count, width: width, storage: .sparse)
    samples.fill(&dense)
    samples.fill(&sparse)
    let first = try objective.gradient(at: parameters, on: dense)
    let second = try objective.gradient(at: parameters, on: sparse)
    #expect(first.loss.bitPattern == second.loss.bitPattern)
    #expect(first.gradient.map(\.bitPattern) == second.gradient.map(\.bitPattern))
    let scores = try objective.evaluate(at: parameters, on: dense)
    let sparseScores = try objective.evaluate(at: parameters, on: sparse)
    #expect(scores.loss == sparseScores.loss)
    #expect(scores.predictions == sparseScores.predictions)
  }

  @Test func gradient_isTheMeanOfHalves() throws {
    var samples = Samples(count: 8, width: 9, classes: 3, seed: 5)
    let objective = try LogisticRegression(width: 9, classCount: 3)
    let parameters = point(objective.layout.count, seed: 6)
    let whole = samples
    var batch = Batch(capacity: 8, width: 9)
    whole.fill(&batch)
    let mean = try objective.gradient(at: parameters, on: batch)
    var halves: [(loss: Double, gradient: [Float])] = []
    for half in [0..<4, 4..<8] {
      samples.rows = Array(whole.rows[half])
      samples.labels = Array(whole.labels[half])
      samples.fill(&batch)
      halves.append(try objective.gradient(at: parameters, on: batch))
    }
    #expect(abs(mean.loss - (halves[0].loss + halves[1].loss) / 2) < 1e-14)
    for index in mean.gradient.indices {
      let average = (halves[0].gradient[index] + halves[1].gradient[index]) / 2
      #expect(abs(mean.gradient[index] - average) < 1e-7)
    }
  }

  @Test func evaluate_sumsLossesAndPredictsTheHighest() throws {
    let objective = try LogisticRegression(width: 1, classCount: 3)
    let parameters: [Float] = [1, 2, -1, 0, 0, 0]
    var batch = Batch(capacity: 3, width: 1)
    for (feature, label) in [(1, 1), (-1, 2), (0, 0)] as [(Float, Int32)] {
      batch.append(label: label) { $0[0] = feature }
    }
    let result = try objective.evaluate(at: parameters, on: batch)
    #expect(result.predictions == [1, 2, 0])  // equal scores: the lowest class
    let total = exp(1.0) + exp(2.0) + exp(-1.0)
    let mirrored = exp(-1.0) + exp(-2.0) + exp(1.0)
    #expect(abs(result.loss - (log(total) - 2 + log(mirrored) - 1 + log(3))) < 1e-14)
  }

  @Test func loss_isExactAtLargeScores() throws {
    let objective = try LogisticRegression(width: 1, classCount: 2)
    var batch = Batch(capacity: 1, width: 1)
    batch.append(label: 1) { $0[0] = 1 }
    let result = try objective.gradient(at: [1e30, 0, 0, 0], on: batch)
    #expect(result.loss == Double(Float(1e30)))
    #expect(result.gradient == [1, -1, 1, -1])
  }

  @Test(arguments: [Float.nan, .infinity])
  func featureNotFinite_showsInLossAndGradient(value: Float) throws {
    let objective = try LogisticRegression(width: 2, classCount: 2)
    var batch = Batch(capacity: 1, width: 2)
    batch.append(label: 1) {
      $0[0] = value
      $0[1] = 1
    }
    let result = try objective.gradient(at: [1, 1, 2, 2, 0, 0], on: batch)
    #expect(!result.loss.isFinite)
    #expect(result.gradient.contains { !$0.isFinite })
  }

  @Test func otherWidth_isRefused() throws {
    let objective = try LogisticRegression(width: 3, classCount: 2)
    var batch = Batch(capacity: 1, width: 2)
    batch.append(label: 1) { $0[0] = 1 }
    var error: ObjectiveError?
    do {
      _ = try objective.gradient(at: [Float](repeating: 0, count: 8), on: batch)
    } catch let caught as ObjectiveError {
      error = caught
    }
    #expect(error == .featureCount(model: "logistic model", expected: 3, found: 2))
    #expect(throws: ParameterLayoutError.self) {
      try LogisticRegression(width: Int.max / 2, classCount: 10)
    }
  }

  @Test func labelOutsideTheClasses_traps() async {
    await #expect(processExitsWith: .failure) {
      let objective = try LogisticRegression(width: 1, classCount: 2)
      var batch = Batch(capacity: 1, width: 1)
      batch.append(label: 2) { $0[0] = 1 }
      _ = try objective.gradient(at: [0, 0, 0, 0], on: batch)
    }
  }
}
