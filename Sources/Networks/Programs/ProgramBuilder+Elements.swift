internal import COneDNN

/// ReLU and sums: what has no weights and works on single numbers.
extension ProgramBuilder {
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
    try unsafe Description("relu of \(data.shape), pass \(pass.rawValue)") { made in
      unsafe signum_relu_describe(made, engine.handle, pass, hint?.handle, data.format.handle)
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
