internal import AlignedBuffers
public import Objectives

extension MultilayerPerceptron {
  /// The mean loss over a batch and its complete gradient, see `Objective`.
  public func gradient(
    at parameters: Span<Float>, on batch: borrowing Batch,
    into gradient: consuming MutableSpan<Float>
  ) throws -> Double {
    try self.gradient(at: parameters, on: batch, into: gradient, observer: nil)
  }

  /// The mean loss over a batch and its complete gradient, see `Objective`.
  ///
  /// An observer hears of each layer but the first as soon as its weights have their gradient.
  public func gradient(
    at parameters: Span<Float>, on batch: borrowing Batch,
    into gradient: consuming MutableSpan<Float>, observer: (any GradientObserver)?
  ) throws -> Double {
    precondition(batch.count > 0, "the gradient of an empty batch")
    precondition(gradient.count == layout.count, "a gradient of another layout")
    let passes = try forward(at: parameters, on: batch)
    let last = widths.count - 2
    var loss = 0.0
    for sample in 0..<batch.count {
      loss += score(sample, label: batch.labels[sample]).loss
      for number in 0..<scores.count {
        deltas[last].numbers[sample * scores.count + number] =
          Float(scores[number] / Double(batch.count))
      }
    }
    loss /= Double(batch.count)
    try unsafe gradient.withUnsafeMutableBufferPointer { flat in
      guard let start = flat.baseAddress else { return }
      // The parts that the observer is told of are not written any more.
      let final = unsafe Span(_unsafeStart: UnsafePointer(start), count: flat.count)
      for layer in gradients {
        try unsafe layer.point(into: start)
      }
      for layer in stride(from: last, through: 0, by: -1) {
        try passes.backwardWeights[layer].run()
        guard layer > 0 else { break }
        let (weight, bias) = (layout.tensors[2 * layer], layout.tensors[2 * layer + 1])
        try observer?.gradient(
          final, isFinalIn: weight.range.lowerBound..<bias.range.upperBound, loss: loss)
        try passes.backwardData[layer - 1].run()
        try observer?.didWork()
        deltas[layer - 1].cutOff(where: outputs[layer - 1], count: batch.count * widths[layer])
      }
    }
    return loss
  }

  /// The sum of the losses over a batch, and the predictions, see `Objective`.
  public func evaluate(
    at parameters: Span<Float>, on batch: borrowing Batch,
    predictions: consuming MutableSpan<Int32>
  ) throws -> Double {
    guard batch.count > 0 else { return 0 }
    _ = try forward(at: parameters, on: batch)
    var loss = 0.0
    for sample in 0..<batch.count {
      let result = score(sample, label: batch.labels[sample])
      loss += result.loss
      predictions[sample] = result.prediction
    }
    return loss
  }

  /// Leaves the scores of all samples in the last layer's outputs.
  ///
  /// oneDNN keeps the addresses of parameters and features for the backward pass: the caller
  /// lends both until its own call ends, and every call sets them anew.
  private func forward(at parameters: Span<Float>, on batch: borrowing Batch) throws -> Passes {
    precondition(parameters.count == layout.count, "parameters of another layout")
    precondition(batch.count <= batchCapacity, "\(batch.count) samples, made for \(batchCapacity)")
    guard batch.storage == .dense else { throw ObjectiveError.sparseFeatures(model: "mlp") }
    guard batch.width == widths[0] else {
      throw ObjectiveError.featureCount(model: "mlp", expected: widths[0], found: batch.width)
    }
    // The number belongs to the calling thread, which may have changed since the last call.
    try OneDNN.setThreads(threads)
    let passes = try passes(for: batch.count)
    try unsafe parameters.withUnsafeBufferPointer { flat in
      // oneDNN takes mutable pointers only; the forward and data passes read through these.
      guard let start = unsafe UnsafeMutablePointer(mutating: flat.baseAddress) else { return }
      for layer in self.parameters {
        try unsafe layer.point(into: start)
      }
    }
    try unsafe batch.features.span.withUnsafeBufferPointer { features in
      try unsafe passes.features.point(at: UnsafeMutableRawPointer(mutating: features.baseAddress))
    }
    for layer in passes.forward {
      try layer.run()
    }
    return passes
  }

  private func passes(for count: Int) throws(OneDNNError) -> Passes {
    if let known = passes[count] { return known }
    let made = try Passes(self, batch: count)
    passes[count] = made
    return made
  }

  /// The loss and prediction of a sample; leaves the loss's gradient by the scores in `scores`.
  private func score(_ sample: Int, label: Int32) -> (loss: Double, prediction: Int32) {
    let last = outputs[outputs.count - 1]
    for number in 0..<scores.count {
      scores[number] = Double(last.numbers[sample * scores.count + number])
    }
    return SoftmaxCrossEntropy.replaceByGradient(&scores, label: label)
  }
}
