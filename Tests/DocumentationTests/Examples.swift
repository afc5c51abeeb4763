import AlignedBuffers
import Objectives
import RunLog
import SignBits
import SignDescent
import Testing

// The examples of the articles: what stands there stands here, compiled and run.

/// The mean of half the squared distances to the samples: its minimum is their mean.
final class SquaredDistance: Objective {
  let layout: ParameterLayout
  let classCount: Int? = nil

  init(width: Int) throws {
    layout = try ParameterLayout([(name: "centre", shape: [width])])
  }

  func initialize(_ parameters: consuming MutableSpan<Float>, seed: UInt64) {
    for index in parameters.indices { parameters[index] = 0 }
  }

  func gradient(
    at parameters: Span<Float>, on batch: borrowing Batch,
    into gradient: consuming MutableSpan<Float>
  ) throws -> Double {
    let loss = try total(at: parameters, on: batch) / Double(batch.count)
    let features = batch.features.span
    for index in parameters.indices {
      var sum: Float = 0
      for sample in 0..<batch.count {
        sum += parameters[index] - features[sample * batch.width + index]
      }
      gradient[index] = sum / Float(batch.count)
    }
    return loss
  }

  func evaluate(
    at parameters: Span<Float>, on batch: borrowing Batch,
    predictions: consuming MutableSpan<Int32>
  ) throws -> Double {
    try total(at: parameters, on: batch)
  }

  private func total(at parameters: Span<Float>, on batch: borrowing Batch) throws -> Double {
    guard batch.width == parameters.count else {
      throw ObjectiveError.featureCount(
        model: "squared distance", expected: parameters.count, found: batch.width)
    }
    let features = batch.features.span
    var sum = 0.0
    for sample in 0..<batch.count {
      for index in parameters.indices {
        let distance = parameters[index] - features[sample * batch.width + index]
        sum += 0.5 * Double(distance) * Double(distance)
      }
    }
    return sum
  }
}

@Suite("Examples of the articles")
struct Examples {
  @Test func ownObjective() throws {
    let objective = try SquaredDistance(width: 2)
    var batch = Batch(capacity: 2, width: 2)
    for sample: [Float] in [[1, 0], [3, 2]] {
      batch.append(label: 0) { features in
        for (index, value) in sample.enumerated() { features[index] = value }
      }
    }
    var gradient = AlignedBuffer<Float>(repeating: 0, count: 2)
    let point = AlignedBuffer<Float>(repeating: 0, count: 2)
    let loss = try objective.gradient(at: point.span, on: batch, into: gradient.mutableSpan)
    #expect(loss == 3.5 && gradient[0] == -2 && gradient[1] == -1)
  }

  @Test func momentumAndSigns() {
    // One rank's part of a step: momentum, signs, update by the verdict.
    var momentum = AlignedBuffer<Float>(repeating: 0, count: 3)
    var parameters = AlignedBuffer<Float>(repeating: 1, count: 3)
    var gradient = AlignedBuffer<Float>(repeating: 0, count: 3)
    gradient[0] = 2
    gradient[1] = -0.5
    var ballot = SignPlanes(count: 3)
    let pass = MomentumPass(momentum: 0.9, rule: .exact)
    let isFinite = pass.run(
      momentum: momentum.mutableSpan, gradient: gradient.span, into: &ballot)
    // Alone, a rank's ballot is the verdict; the third sign is 0 and abstains.
    SignUpdate(learningRate: 0.25).apply(
      ballot, to: parameters.mutableSpan, coordinates: 0..<3)
    #expect(isFinite && parameters[0] == 0.75 && parameters[1] == 1.25 && parameters[2] == 1)
  }

  @Test func logOfOnesOwn() throws {
    // A program of your own writes what 'signum compare' reads.
    let record = LogRecord.event(
      EventRecord(event: .warning, step: 7, ranks: [0], message: "the disk is nearly full"))
    let line = try record.line
    #expect(line.hasPrefix(#"{"type":"event","event":"warning","step":7,"#))
  }
}
