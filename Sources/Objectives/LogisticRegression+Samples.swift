internal import AlignedBuffers

/// The sums over one sample's features, in the order that the type documents.
extension LogisticRegression {
  /// Leaves the gradient of a sample's loss by its scores in `scores`.
  func score(
    _ sample: Int, of batch: borrowing Batch, at parameters: Span<Float>
  ) -> (loss: Double, prediction: Int32) {
    for number in 0..<classes {
      let lanes = products(number, sample, of: batch, at: parameters)
      let four = lanes.lowHalf + lanes.highHalf
      let two = four.lowHalf + four.highHalf
      scores[number] = (two.x + two.y) + Double(parameters[classes * width + number])
    }
    return SoftmaxCrossEntropy.replaceByGradient(&scores, label: batch.labels[sample])
  }

  /// The eight sums of weights times features of a sample.
  private func products(
    _ number: Int, _ sample: Int, of batch: borrowing Batch, at parameters: Span<Float>
  ) -> SIMD8<Double> {
    var lanes = SIMD8<Double>.zero
    unsafe parameters.withUnsafeBufferPointer { parameters in
      let weights = unsafe UnsafeBufferPointer(
        rebasing: parameters[number * width..<(number + 1) * width])
      unsafe batch.features.span.withUnsafeBufferPointer { features in
        switch batch.storage {
        case .dense:
          let row = unsafe UnsafeBufferPointer(
            rebasing: features[sample * width..<(sample + 1) * width])
          let whole = width & ~7
          for column in stride(from: 0, to: whole, by: 8) {
            for lane in 0..<8 {
              unsafe lanes[lane] += Double(weights[column + lane]) * Double(row[column + lane])
            }
          }
          for column in whole..<width {
            unsafe lanes[column & 7] += Double(weights[column]) * Double(row[column])
          }
        case .sparse:
          for index in Int(batch.rowOffsets[sample])..<Int(batch.rowOffsets[sample + 1]) {
            let column = Int(batch.columns[index])
            unsafe lanes[column & 7] += Double(weights[column]) * Double(features[index])
          }
        }
      }
    }
    return lanes
  }

  /// Adds a sample's gradient, whose part by the scores is in `scores`, to the sums.
  func addGradient(of sample: Int, in batch: borrowing Batch) {
    for number in 0..<classes {
      let factor = scores[number]
      let start = number * width
      switch batch.storage {
      case .dense:
        Self.add(
          factor, times: batch.features.span.extracting(sample * width..<(sample + 1) * width),
          to: &sums, from: start)
      case .sparse:
        for index in Int(batch.rowOffsets[sample])..<Int(batch.rowOffsets[sample + 1]) {
          sums[start + Int(batch.columns[index])] += factor * Double(batch.features[index])
        }
      }
      sums[classes * width + number] += factor
    }
  }

  private static func add(
    _ factor: Double, times row: Span<Float>, to sums: inout AlignedBuffer<Double>, from start: Int
  ) {
    var part = sums.mutableSpan(in: start..<start + row.count)
    unsafe part.withUnsafeMutableBufferPointer { part in
      unsafe row.withUnsafeBufferPointer { row in
        for column in 0..<row.count {
          unsafe part[column] += factor * Double(row[column])
        }
      }
    }
  }
}
