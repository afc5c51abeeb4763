internal import COneDNN

/// The layers of models of sequences; a batch of sequences is a matrix of samples · tokens rows.
extension ProgramBuilder {
  /// The vectors of tokens and of places, added.
  func embedding(_ input: Tensor, _ width: Int) throws -> Tensor {
    let tokens = input.shape[1] - 1
    let token = try parameter([outline.classCount, width])
    let position = try parameter([tokens, width])
    tokenWeights = token
    let output = try tensor(Format([count * tokens, width]))
    let shape = Embedding(
      samples: count, tokens: tokens, vocabulary: outline.classCount, width: width)
    pass(.embedding, over: [output]) {
      unsafe shape.forward(
        input.numbers, token.value.numbers, position.value.numbers, into: output.numbers)
    }
    let isTied = outline.isTied
    onBackward { [unowned self] in
      guard let arriving = output.gradient else { return }
      // The scores' part of a shared tensor is there already.
      pass(.embedding, over: [arriving]) {
        unsafe shape.backward(
          input.numbers, arriving.numbers, token.gradient.numbers, position.gradient.numbers,
          adding: isTied)
      }
      finish(from: token.start)
    }
    return output
  }

  func unembedding(_ input: Tensor, tied: Bool) throws -> Tensor {
    try dense(
      input, outline.classCount, bias: false, relu: false, shared: tied ? tokenWeights : nil)
  }

  func layerNormalization(_ input: Tensor) throws -> Tensor {
    let scale = try parameter([input.shape[1]])
    let shift = try parameter([input.shape[1]])
    let rows = try Format([input.shape[0]])
    func describe(_ pass: signum_pass_t, _ hint: Description? = nil) throws -> Description {
      try unsafe Description("layer normalization of \(input.shape), pass \(pass.rawValue)") {
        made in
        unsafe signum_layer_normalization_describe(
          made, engine.handle, pass, hint?.handle, input.format.handle, rows.handle,
          Network.epsilon)
      }
    }
    let forward = try describe(trains ? signum_training : signum_inference)
    let output = try tensor(input.format)
    let kept =
      trains ? [(signum_mean, try tensor(rows)), (signum_variance, try tensor(rows))] : []
    let operands = [
      (signum_source, input), (signum_scale, scale.value), (signum_shift, shift.value),
    ]
    try run(.layerNormalization, forward, operands + kept + [(signum_destination, output)])
    onBackward { [unowned self] in
      guard let arriving = output.gradient else { return }
      let result = try tensor(input.format)
      try run(
        .layerNormalization, describe(signum_backward_data, forward),
        operands + kept + [
          (signum_diff_destination, arriving), (signum_diff_source, result),
          (signum_diff_scale, scale.gradient), (signum_diff_shift, shift.gradient),
        ])
      finish(from: scale.start)
      try accumulate(result, into: input)
    }
    return output
  }

  func gelu(_ input: Tensor) throws -> Tensor {
    let output = try tensor(input.format)
    let gelu = GELU(count: input.shape.reduce(1, *))
    pass(.gelu, over: [input, output]) {
      unsafe gelu.forward(input.numbers, into: output.numbers)
    }
    onBackward { [unowned self] in
      guard let arriving = output.gradient else { return }
      let result = try tensor(input.format)
      pass(.gelu, over: [input, arriving, result]) {
        unsafe gelu.backward(input.numbers, arriving.numbers, into: result.numbers)
      }
      try accumulate(result, into: input)
    }
    return output
  }

  func attention(_ input: Tensor, heads: Int) throws -> Tensor {
    switch type {
    case .float32: try attention(input, heads: heads, of: Float.self)
    case .bfloat16: try attention(input, heads: heads, of: BFloat16.self)
    }
  }

  /// Attention of each sample by itself, so that no pass is long.
  private func attention<Factor: ProductFactor>(
    _ input: Tensor, heads: Int, of factor: Factor.Type
  ) throws -> Tensor {
    let width = input.shape[1] / 3
    let shape = try Attention<Factor>(
      engine, tokens: input.shape[0] / count, heads: heads, width: width, trains: trains)
    let output = try tensor(Format([input.shape[0], width]))
    let factors = try converted(input, to: Format(input.shape, type))
    // Evaluation forgets the weights of a sample at once.
    let weights = try tensor(Format([(trains ? count : 1) * shape.weightCount], type))
    let scores = try tensor(Format([shape.scoreCount]))
    let scratch = try tensor(Format([max((shape.scratchByteCount + 3) / 4, 1)]))
    for sample in 0..<count {
      let first = trains ? sample * shape.weightCount : 0
      pass(.attention, over: [factors, weights, scores, scratch, output]) {
        try unsafe shape.forward(
          sample, factors.numbers(as: factor), weights: weights.numbers(as: factor) + first,
          scores: scores.numbers, scratch: scratch.numbers, into: output.numbers)
      }
    }
    onBackward { [unowned self] in
      guard let gradient = output.gradient else { return }
      let arriving = try converted(gradient, to: Format(output.shape, type))
      let result = try tensor(Format(input.shape))
      let scores = try tensor(Format([shape.scoreCount]))
      let differences = try tensor(Format([shape.differenceCount], type))
      let scratch = try tensor(scratch.format)
      let operands = [factors, weights, arriving, scores, differences, scratch, result]
      for sample in 0..<count {
        let first = sample * shape.weightCount
        pass(.attention, over: operands) {
          try unsafe shape.backward(
            sample, factors.numbers(as: factor),
            weights: weights.numbers(as: factor) + first, arriving.numbers(as: factor),
            scores: scores.numbers, differences: differences.numbers(as: factor),
            scratch: scratch.numbers, into: result.numbers)
        }
      }
      try accumulate(result, into: input)
    }
    return output
  }

  /// Drop-out in training, nothing in evaluation.
  func dropout(_ input: Tensor, _ probability: Double) throws -> Tensor {
    let layer = dropoutCount
    dropoutCount += 1
    guard trains, probability > 0 else { return input }
    let output = try tensor(input.format)
    let size = input.shape.reduce(1, *)
    let dropout = Dropout(layer: layer, count: size, probability: probability)
    pass(.dropout, over: [input, output]) { [noise] in
      unsafe dropout.apply(to: input.numbers, at: noise.position, into: output.numbers)
    }
    onBackward { [unowned self] in
      guard let arriving = output.gradient else { return }
      let result = try tensor(input.format)
      // The same numbers are drawn again.
      pass(.dropout, over: [arriving, result]) { [noise] in
        unsafe dropout.apply(to: arriving.numbers, at: noise.position, into: result.numbers)
      }
      try accumulate(result, into: input)
    }
    return output
  }
}
