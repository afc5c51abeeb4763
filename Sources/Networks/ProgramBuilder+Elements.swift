internal import COneDNN

/// Pooling, ReLU and sums: what has no weights.
extension ProgramBuilder {
  func pooling(
    _ input: Tensor, maximum: Bool, _ window: [Int], stride: Int, padding: Int
  ) throws -> Tensor {
    let lengths = zip(input.shape[2...], window).map { ($0 + 2 * padding - $1) / stride + 1 }
    let shape = input.shape[..<2] + lengths
    let any = try Format(Array(shape), any: true)
    func describe(
      _ pass: signum_pass_t, _ destination: Format, _ hint: Description? = nil
    ) throws -> Description {
      try unsafe Description("pooling of \(input.shape) to \(shape), pass \(pass.rawValue)") {
        made in
        unsafe signum_pooling_describe(
          made, engine.handle, pass, hint?.handle, maximum ? 1 : 0, input.format.handle,
          destination.handle, Int64(window[0]), Int64(window[1]), Int64(stride), Int64(padding))
      }
    }
    let forward = try describe(trains ? signum_training : signum_inference, any)
    let output = try tensor(forward.format(signum_destination, shape: any.shape))
    let workspace = try forward.format(signum_workspace)
    let kept = workspace.byteCount == 0 ? [] : [(signum_workspace, try tensor(workspace))]
    try run(
      .pooling, forward, kept + [(signum_source, input), (signum_destination, output)])
    onBackward { [unowned self] in
      guard let arriving = output.gradient else { return }
      let result = try tensor(input.format)
      try run(
        .pooling, describe(signum_backward_data, output.format, forward),
        kept + [
          (signum_diff_destination, converted(arriving, to: output.format)),
          (signum_diff_source, result),
        ])
      try accumulate(result, into: input)
    }
    return output
  }

  /// The positive part, where no operation before it can take it.
  func relu(_ input: Tensor) throws -> Tensor {
    let output = try tensor(input.format)
    try run(
      .relu, describeReLU(trains ? signum_training : signum_inference, input),
      [(signum_source, input), (signum_destination, output)])
    onBackward { [unowned self] in
      guard let arriving = output.gradient else { return }
      try accumulate(reluGradient(arriving, of: output), into: input)
    }
    return output
  }

  /// The gradient by what ReLU was taken of, from the one by its output.
  func reluGradient(_ arriving: Tensor, of output: Tensor) throws -> Tensor {
    let result = try tensor(output.format)
    let hint = try describeReLU(signum_training, output)
    try run(
      .relu, describeReLU(signum_backward_data, output, hint),
      [
        (signum_destination, output),
        (signum_diff_destination, converted(arriving, to: output.format)),
        (signum_diff_source, result),
      ])
    return result
  }

  private func describeReLU(
    _ pass: signum_pass_t, _ data: Tensor, _ hint: Description? = nil
  ) throws -> Description {
    try describe(signum_relu, pass, data, hint)
  }

  /// Describes a function of single numbers.
  func describe(
    _ function: signum_function_t, _ pass: signum_pass_t, _ data: Tensor, _ hint: Description?
  ) throws -> Description {
    let name = function == signum_relu ? "relu" : "gelu"
    return try unsafe Description("\(name) of \(data.shape), pass \(pass.rawValue)") { made in
      unsafe signum_function_describe(
        made, engine.handle, pass, hint?.handle, function, data.format.handle)
    }
  }

  /// The sum of two paths.
  func sum(_ path: Tensor, _ shortcut: Tensor, relu: Bool) throws -> Tensor {
    let output = try tensor(path.format)
    try add(converted(shortcut, to: path.format), to: path, into: output, relu: relu)
    onBackward { [unowned self] in
      guard let arriving = output.gradient else { return }
      let difference = relu ? try reluGradient(arriving, of: output) : arriving
      try accumulate(difference, into: path)
      try accumulate(difference, into: shortcut)
    }
    return output
  }

  /// Adds two tensors of the same format into a third.
  func add(
    _ tensor: Tensor, to other: Tensor, into result: Tensor, relu: Bool = false
  ) throws {
    let description = try unsafe Description("sum of \(other.shape)") { made in
      unsafe signum_sum_describe(made, engine.handle, relu ? 1 : 0, other.format.handle)
    }
    try run(
      .sum, description,
      [
        (signum_source, other), (signum_second_source, tensor),
        (signum_destination, result),
      ])
  }
}
