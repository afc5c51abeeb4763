internal import AlignedBuffers
public import Objectives

extension Network {
  /// The mean loss over a batch and its complete gradient, see `Objective`.
  public func gradient(
    at parameters: Span<Float>, on batch: borrowing Batch,
    into gradient: consuming MutableSpan<Float>
  ) throws -> Double {
    try self.gradient(at: parameters, on: batch, into: gradient, observer: nil)
  }

  /// The mean loss over a batch and its complete gradient, see `Objective`.
  ///
  /// An observer hears of each layer but the first as soon as its tensors have their gradient.
  public func gradient(
    at parameters: Span<Float>, on batch: borrowing Batch,
    into gradient: consuming MutableSpan<Float>, observer: (any GradientObserver)?
  ) throws -> Double {
    precondition(batch.count > 0, "the gradient of an empty batch")
    precondition(batch.count <= trainingCapacity, "more than \(trainingCapacity) samples")
    precondition(gradient.count == layout.count, "a gradient of another layout")
    try check(batch, parameters)
    let program = try program(count: batch.count, trains: true)
    let start = unsafe gradient.withUnsafeMutableBufferPointer { $0.baseAddress }
    try unsafe bind(program, parameters, batch, gradient: start)
    for step in program.forward { try take(step) }
    statistics?.move(towards: program.statistics)
    let count = lossCount(of: batch)
    var loss = 0.0
    for row in 0..<batch.count * outline.scoredCount {
      if let label = label(of: row, in: batch) {
        loss += score(row, of: program, label: label, count: count).loss
      } else {
        program.clearGradient(ofScores: row)
      }
    }
    loss /= Double(count)
    var end = layout.count
    for step in program.backward {
      try take(step)
      if let start = step.finalFrom, start > 0, let observer {
        try observer.gradient(gradient.span, isFinalIn: start..<end, loss: loss)
        end = start
      }
      try observer?.didWork()
    }
    return loss
  }

  private func take(_ step: Program.Step) throws {
    if let operationTimes { try operationTimes.measure(step) } else { try step.run() }
  }

  /// The sum of the losses over a batch, and the predictions, see `Objective`.
  public func evaluate(
    at parameters: Span<Float>, on batch: borrowing Batch,
    predictions: consuming MutableSpan<Int32>
  ) throws -> Double {
    guard batch.count > 0 else { return 0 }
    let program = try run(at: parameters, on: batch)
    var loss = 0.0
    for row in 0..<batch.count * outline.scoredCount {
      guard let label = label(of: row, in: batch) else { continue }
      let result = score(row, of: program, label: label, count: 1)
      loss += result.loss
      if !outline.isSequential { predictions[row] = result.prediction }
    }
    return loss
  }

  /// Scores a batch as evaluation does.
  func run(at parameters: Span<Float>, on batch: borrowing Batch) throws -> Program {
    precondition(batch.count <= evaluationCapacity, "more than \(evaluationCapacity) samples")
    try check(batch, parameters)
    let program = try program(count: batch.count, trains: false)
    try unsafe bind(program, parameters, batch, gradient: nil)
    for step in program.forward { try step.run() }
    return program
  }

  /// The number of samples; of sequences that of the tokens that are predicted.
  public func lossCount(of batch: borrowing Batch) -> Int {
    guard outline.isSequential else { return batch.count }
    var count = 0
    for sample in 0..<batch.count { count += Int(batch.labels[sample]) }
    return count
  }

  /// The class of a row of scores; nil for a token that is not predicted.
  private func label(of row: Int, in batch: borrowing Batch) -> Int32? {
    guard outline.isSequential else { return batch.labels[row] }
    let (sample, place) = row.quotientAndRemainder(dividingBy: outline.scoredCount)
    guard place < batch.labels[sample] else { return nil }
    return Int32(batch.features[sample * batch.width + place + 1])
  }

  private func check(_ batch: borrowing Batch, _ parameters: Span<Float>) throws {
    precondition(parameters.count == layout.count, "parameters of another layout")
    let name = outline.model.name
    guard batch.storage == .dense else { throw ObjectiveError.sparseFeatures(model: name) }
    guard batch.width == featureCount else {
      throw ObjectiveError.featureCount(model: name, expected: featureCount, found: batch.width)
    }
    noise.position = batch.noise
    // The number belongs to the calling thread, which may have changed since the last call.
    try OneDNN.setThreads(threads)
  }

  /// oneDNN keeps the addresses of parameters, features and gradient: the caller lends them until
  /// its own call ends, and every call sets them anew.
  private func bind(
    _ program: Program, _ parameters: Span<Float>, _ batch: borrowing Batch,
    gradient: UnsafeMutablePointer<Float>?
  ) throws(OneDNNError) {
    var addresses = Program.Addresses()
    // oneDNN takes mutable pointers only; no operation writes parameters or features.
    unsafe addresses.parameters = parameters.withUnsafeBufferPointer {
      unsafe UnsafeMutablePointer(mutating: $0.baseAddress)
    }
    unsafe addresses.features = UnsafeMutablePointer(
      mutating: batch.features.unsafeElements.baseAddress)
    unsafe addresses.gradient = gradient
    unsafe addresses.statistics = statistics?.evaluated.unsafeElements.baseAddress
    try program.bind(addresses)
  }
}

extension RunningStatistics {
  /// Moves the own statistics a tenth of the way towards those of a batch, unless they are held; a
  /// number that is not finite moves nothing.
  fileprivate func move(towards batch: [Program.BatchStatistics]) {
    guard !areHeld else { return }
    for layer in batch {
      let samples = Double(layer.samples)
      move(layer.meanStart, layer.channels, towards: layer.mean, times: 1)
      move(
        layer.varianceStart, layer.channels, towards: layer.variance,
        times: samples / max(samples - 1, 1))
    }
  }

  private func move(_ start: Int, _ channels: Int, towards tensor: Tensor, times factor: Double) {
    guard let values = unsafe tensor.address else { return }
    for channel in 0..<channels {
      let value = factor * Double(unsafe values[channel])
      guard value.isFinite else { continue }
      own[start + channel] = Float(0.9 * Double(own[start + channel]) + 0.1 * value)
    }
  }
}
