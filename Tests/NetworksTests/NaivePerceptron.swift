import CounterRandom
import Foundation
import Networks
import Objectives

/// A perceptron in plain arrays of Double, from the definition.
struct NaivePerceptron {
  let widths: [Int]

  /// The scores of one sample: weights [out][in], then biases, layer by layer in the flat vector.
  func scores(_ parameters: [Double], _ features: [Float]) -> [Double] {
    var activation = features.map { Double($0) }
    var start = 0
    for layer in 1..<widths.count {
      let (inputs, outputs) = (widths[layer - 1], widths[layer])
      let biases = start + inputs * outputs
      activation = (0..<outputs).map { output in
        var sum = parameters[biases + output]
        for input in 0..<inputs {
          sum += parameters[start + output * inputs + input] * activation[input]
        }
        return layer < widths.count - 1 ? max(sum, 0) : sum
      }
      start = biases + outputs
    }
    return activation
  }

  /// − ln of the softmax at the label.
  func loss(_ parameters: [Double], _ features: [Float], _ label: Int32) -> Double {
    let scores = scores(parameters, features)
    return log(scores.map { exp($0) }.reduce(0, +)) - scores[Int(label)]
  }

  func meanLoss(_ parameters: [Double], _ samples: Samples) -> Double {
    zip(samples.rows, samples.labels).reduce(0) { $0 + loss(parameters, $1.0, $1.1) }
      / Double(samples.rows.count)
  }
}

/// Random samples as plain arrays.
struct Samples {
  var rows: [[Float]]
  var labels: [Int32]

  init(count: Int, width: Int, classes: Int, seed: UInt64) {
    let stream = RandomStream(seed: seed, purpose: .gradientNoise)
    rows = (0..<count).map { row in
      (0..<width).map { Float(stream.normal(at: row * width + $0)) }
    }
    labels = (0..<count).map { Int32(stream.below(classes, at: 1 << 24 + $0)) }
  }

  /// Sequences of tokens, of the last of which one token less is predicted than there are.
  init(sequences: Int, tokens: Int, vocabulary: Int, seed: UInt64) {
    let stream = RandomStream(seed: seed, purpose: .gradientNoise)
    rows = (0..<sequences).map { row in
      (0...tokens).map { Float(stream.below(vocabulary, at: row * (tokens + 1) + $0)) }
    }
    labels = (0..<sequences).map { Int32($0 + 1 < sequences ? tokens : max(tokens - 1, 1)) }
  }

  subscript(range: Range<Int>) -> Samples {
    var part = self
    part.rows = Array(rows[range])
    part.labels = Array(labels[range])
    return part
  }

  /// A batch of a larger capacity, so that its unused rows are seen to be unused.
  func batch(spare: Int = 3) -> Batch {
    var batch = Batch(capacity: rows.count + spare, width: rows[0].count)
    for (row, label) in zip(rows, labels) {
      batch.append(label: label) { span in
        for index in row.indices { span[index] = row[index] }
      }
    }
    return batch
  }
}

extension Objective {
  /// Loss and gradient as arrays; what the objective does not write stays NaN.
  func gradient(
    at parameters: [Float], on batch: borrowing Batch
  ) throws -> (loss: Double, gradient: [Float]) {
    var gradient = [Float](repeating: .nan, count: layout.count)
    let loss = try self.gradient(at: parameters.span, on: batch, into: gradient.mutableSpan)
    return (loss, gradient)
  }

  /// Initial parameters, with the biases moved off zero by `biases`.
  func initial(seed: UInt64, biases: Float = 0) -> [Float] {
    var parameters = [Float](repeating: .nan, count: layout.count)
    initialize(parameters.mutableSpan, seed: seed)
    for tensor in layout.tensors where tensor.shape.count == 1 {
      for index in tensor.range { parameters[index] += biases * Float(index % 5 - 2) }
    }
    return parameters
  }
}

extension Network {
  /// A perceptron with the widths of input, hidden layers and output.
  static func perceptron(
    _ widths: [Int], capacity: Int = 16, threads: Int = 1
  ) throws -> Network {
    try Network(
      .mlp(
        input: widths[0], hidden: Array(widths[1..<widths.count - 1]),
        classes: widths[widths.count - 1]),
      trainingCapacity: capacity, evaluationCapacity: capacity, threads: threads)
  }
}
