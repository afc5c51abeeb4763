internal import COneDNN

/// Convolutions and dense layers: products with weights.
extension ProgramBuilder {
  func convolution(
    _ input: Tensor, _ channels: Int, kernel: Int, stride: Int, padding: Int, bias: Bool,
    relu: Bool
  ) throws -> Tensor {
    let shape = input.shape
    let weights = [channels, shape[1], kernel, kernel]
    let lengths = shape[2...].map { ($0 + 2 * padding - kernel) / stride + 1 }
    let about = "convolution of \(shape) by \(weights), stride \(stride), padding \(padding)"
    let formats = try Formats(
      source: shape, weights: weights, bias: bias, destination: [shape[0], channels] + lengths,
      type: type, any: true)
    let few = { [unowned self] (difference: Tensor, weight: Parameter, bias: Parameter?) in
      try fewChannelsGradient(
        input, difference, kernel: kernel, stride: stride, padding: padding, of: weight, bias)
    }
    // Measured to take 0.4-0.85 of the direct one's time from 32 channels on, as long with 16; there
    // is none for bfloat16.
    let winograd = kernel == 3 && stride == 1 && min(shape[1], channels) >= 32
    return try product(.convolution, input, formats, relu: relu, ownGradient: few) {
      [engine] pass, hint, relu in
      try unsafe Description("\(about), pass \(pass.rawValue)") { made in
        unsafe signum_convolution_describe(
          made, engine.handle, pass, hint?.handle, winograd ? 1 : 0, relu ? 1 : 0,
          formats.source(pass), formats.weights(pass), formats.bias?.handle,
          formats.destination(pass), Int64(stride), Int64(padding))
      }
    }
  }

  /// - Parameter shared: Weights of another layer, to be taken instead of the next ones.
  func dense(
    _ input: Tensor, _ outputs: Int, bias: Bool = true, relu: Bool, shared: Parameter? = nil
  ) throws -> Tensor {
    let weights = [outputs] + input.shape.dropFirst()
    // All plain: blocked weights were measured to be no faster once they are reordered. An image is
    // copied into a row, since it has fewer numbers than the weights. Bfloat16 is copied anyway; the
    // gradient by the weights is not, and formed no more slowly where it is plain.
    let formats = try Formats(
      source: input.shape, weights: weights, bias: bias,
      destination: [input.shape[0], outputs], type: type, any: type == .bfloat16,
      plainGradient: true)
    let about = "inner product of \(input.shape) and \(weights)"
    let isLong = isLong(input)
    let isTransposed = isTransposed(input, outputs: outputs)
    let ownInput = isLong || copiesWeights(behind: input)
    return try product(
      .dense, input, formats, relu: relu, shared: shared,
      ownProduct: isTransposed
        ? { [unowned self] in try transposedProduct(input, $0, $1, relu: relu) } : nil,
      ownGradient: isLong
        ? { [unowned self] in
          try longWeightGradient(input, $0, of: $1, $2)
          return true
        } : nil,
      ownInputGradient: ownInput
        ? { [unowned self] in try inputGradient($0, $1, of: input) } : nil
    ) {
      [engine] pass, hint, relu in
      try unsafe Description("\(about), pass \(pass.rawValue)") { made in
        unsafe signum_inner_product_describe(
          made, engine.handle, pass, hint?.handle, relu ? 1 : 0, formats.source(pass),
          formats.weights(pass), formats.bias?.handle, formats.destination(pass))
      }
    }
  }

  /// Whether a dense layer's input is a matrix of which products are formed here.
  func isMatrix(_ input: Tensor) -> Bool { type == .float32 && input.shape.count == 2 }

  /// Adds the gradient by weights and bias from the one by the output; false where it does not.
  private typealias OwnGradient = (Tensor, Parameter, Parameter?) throws -> Bool

  private func fewChannelsGradient(
    _ input: Tensor, _ arriving: Tensor, kernel: Int, stride: Int, padding: Int,
    of weight: Parameter, _ bias: Parameter?
  ) throws -> Bool {
    guard input.home == .features, input.shape[1] <= FewChannelsGradient.maximumChannels,
      let layout = try arriving.format.imageLayout, [.channelsBy8, .channelsBy16].contains(layout)
    else { return false }
    let shape = FewChannelsGradient(
      input: input.shape, output: arriving.shape, kernel: kernel, stride: stride,
      padding: padding, depth: layout.depth(of: arriving.shape[1]))
    let scratch = try tensor(Format([shape.scratchCount]))
    pass(.convolution, over: [arriving, scratch]) {
      unsafe shape.run(
        input.numbers, arriving.numbers, scratch: scratch.numbers,
        weights: weight.gradient.numbers, bias: bias?.gradient.numbers)
    }
    finish(from: weight.start)
    return true
  }

  /// The formats that the passes of a product are described with.
  ///
  /// What a pass reads is of the type of the computation, what it writes and the bias are Float32.
  private struct Formats {
    let bias: Format?
    private let sources: Pair
    private let weights: Pair
    private let destinations: Pair

    private typealias Pair = (read: Format, written: Format)

    init(
      source: [Int], weights: [Int], bias: Bool, destination: [Int], type: ComputeType, any: Bool,
      plainGradient: Bool = false
    ) throws(OneDNNError) {
      func pair(_ shape: [Int], isPlain: Bool = false) throws(OneDNNError) -> Pair {
        (try Format(shape, type, any: any), try Format(shape, any: any && !isPlain))
      }
      sources = try pair(source)
      self.weights = try pair(weights, isPlain: plainGradient)
      destinations = try pair(destination)
      self.bias = bias ? try Format([weights[0]]) : nil
    }

    func source(_ pass: signum_pass_t) -> signum_format_t {
      unsafe (pass == signum_backward_data ? sources.written : sources.read).handle
    }

    func weights(_ pass: signum_pass_t) -> signum_format_t {
      unsafe (pass == signum_backward_weights ? weights.written : weights.read).handle
    }

    func destination(_ pass: signum_pass_t) -> signum_format_t {
      let isForward = pass == signum_training || pass == signum_inference
      return unsafe (isForward ? destinations.written : destinations.read).handle
    }

    var weightShape: [Int] { weights.written.shape }
    var destinationShape: [Int] { destinations.written.shape }
  }

  /// Adds a product of the input with the next weights, and its backward pass.
  ///
  /// - Parameters:
  ///   - ownProduct: Taken for the forward pass in place of oneDNN's.
  ///   - ownGradient: Tried for the gradient by the weights before oneDNN's.
  ///   - ownInputGradient: Taken for the gradient by the input in place of oneDNN's.
  ///   - describe: The description of a pass, by that of the forward pass, with ReLU or not.
  private func product(
    _ kind: OperationKind, _ input: Tensor, _ formats: Formats, relu: Bool,
    shared: Parameter? = nil, ownProduct: ((Parameter, Parameter?) throws -> Tensor)? = nil,
    ownGradient: OwnGradient? = nil,
    ownInputGradient: ((Tensor, Parameter) throws -> Tensor)? = nil,
    _ describe: @escaping (signum_pass_t, Description?, Bool) throws -> Description
  ) throws -> Tensor {
    let weight = try shared ?? parameter(formats.weightShape)
    let bias = try formats.bias.map { try parameter($0.shape) }
    let output =
      try ownProduct?(weight, bias)
      ?? forward(
        kind, describe(trains ? signum_training : signum_inference, nil, relu), input, formats,
        weight, bias)
    onBackward { [unowned self] in
      guard let arriving = output.gradient else { return }
      let difference = relu ? try reluGradient(arriving, of: output) : arriving
      let hint = try describe(signum_training, nil, false)
      if try ownGradient?(difference, weight, bias) != true {
        let weights = try describe(signum_backward_weights, hint, false)
        try gradient(kind, weights, input, difference, of: weight, bias)
      }
      guard input.home != .features else { return }
      if let own = try ownInputGradient?(difference, weight) {
        return try accumulate(own, into: input)
      }
      let data = try describe(signum_backward_data, hint, false)
      let result = try tensor(data.format(signum_diff_source, shape: input.shape))
      try run(
        kind, data,
        [
          (
            signum_diff_destination,
            converted(difference, to: data.format(signum_diff_destination, shape: output.shape))
          ),
          (
            signum_weights,
            converted(
              weight.value, to: data.format(signum_weights, shape: weight.value.shape))
          ),
          (signum_diff_source, result),
        ])
      try accumulate(result, into: input)
    }
    return output
  }

  /// Adds the product itself.
  private func forward(
    _ kind: OperationKind, _ description: Description, _ input: Tensor, _ formats: Formats,
    _ weight: Parameter, _ bias: Parameter?
  ) throws -> Tensor {
    let output = try tensor(
      description.format(signum_destination, shape: formats.destinationShape))
    let source = try converted(input, to: description.format(signum_source, shape: input.shape))
    let operand = try description.format(signum_weights, shape: weight.value.shape)
    try run(
      kind, description,
      [
        (signum_source, source), (signum_weights, converted(weight.value, to: operand)),
        (signum_destination, output),
      ] + (bias.map { [(signum_bias, $0.value)] } ?? []))
    return output
  }

  /// Adds the gradient by weights and bias.
  private func gradient(
    _ kind: OperationKind, _ description: Description, _ input: Tensor, _ difference: Tensor,
    of weight: Parameter, _ bias: Parameter?
  ) throws {
    let format = try description.format(signum_diff_weights, shape: weight.value.shape)
    let isPlain = format.isEqual(to: weight.gradient.format)
    let result = isPlain ? weight.gradient : try tensor(format)
    let source = try description.format(signum_source, shape: input.shape)
    let destination = try description.format(signum_diff_destination, shape: difference.shape)
    try run(
      kind, description,
      [
        (signum_source, converted(input, to: source)),
        (signum_diff_destination, converted(difference, to: destination)),
        (signum_diff_weights, result),
      ] + (bias.map { [(signum_diff_bias, $0.gradient)] } ?? []))
    if !isPlain { try reorder(result, to: weight.gradient) }
    finish(from: weight.start)
  }
}
