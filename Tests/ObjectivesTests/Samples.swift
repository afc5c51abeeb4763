import CounterRandom
import Objectives

/// Random samples as plain arrays, some features zero.
struct Samples {
  var rows: [[Float]]
  var labels: [Int32]

  init(count: Int, width: Int, classes: Int, seed: UInt64) {
    let stream = RandomStream(seed: seed, purpose: .gradientNoise)
    rows = (0..<count).map { row in
      (0..<width).map { column in
        let index = row * width + column
        return index % 3 == 1 ? 0 : Float(stream.normal(at: index))
      }
    }
    labels = (0..<count).map { Int32(stream.below(classes, at: 1 << 20 + $0)) }
  }

  /// Fills a batch of either storage.
  func fill(_ batch: inout Batch) {
    batch.removeAll()
    for (row, label) in zip(rows, labels) {
      switch batch.storage {
      case .dense:
        batch.append(label: label) { span in
          for index in row.indices { span[index] = row[index] }
        }
      case .sparse:
        let columns = row.indices.filter { row[$0] != 0 }
        let places = columns.map { Int32($0) }
        let values = columns.map { row[$0] }
        batch.append(label: label, columns: places.span, values: values.span)
      }
    }
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

  /// Sum of losses and predictions as an array.
  func evaluate(
    at parameters: [Float], on batch: borrowing Batch
  ) throws -> (loss: Double, predictions: [Int32]) {
    var predictions = [Int32](repeating: -1, count: batch.count)
    let loss = try evaluate(at: parameters.span, on: batch, predictions: predictions.mutableSpan)
    return (loss, predictions)
  }

  /// The initial parameters as an array; what is not written stays NaN.
  func initial(seed: UInt64) -> [Float] {
    var parameters = [Float](repeating: .nan, count: layout.count)
    initialize(parameters.mutableSpan, seed: seed)
    return parameters
  }
}
