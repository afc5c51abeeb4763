internal import COneDNN

/// Means and maxima over windows of images.
extension ProgramBuilder {
  func averagePooling(
    _ input: Tensor, _ window: [Int], stride: Int, padding: Int
  ) throws -> Tensor {
    let shape = pooled(input.shape, window, stride, padding)
    let any = try Format(shape, any: true)
    func describe(
      _ pass: signum_pass_t, _ destination: Format, _ hint: Description? = nil
    ) throws -> Description {
      try unsafe Description("average pooling of \(input.shape), pass \(pass.rawValue)") { made in
        unsafe signum_pooling_describe(
          made, engine.handle, pass, hint?.handle, input.format.handle, destination.handle,
          Int64(window[0]), Int64(window[1]), Int64(stride), Int64(padding))
      }
    }
    let forward = try describe(trains ? signum_training : signum_inference, any)
    let output = try tensor(forward.format(signum_destination, shape: shape))
    try run(.pooling, forward, [(signum_source, input), (signum_destination, output)])
    onBackward { [unowned self] in
      guard let arriving = output.gradient else { return }
      let result = try tensor(input.format)
      try run(
        .pooling, describe(signum_backward_data, output.format, forward),
        [
          (signum_diff_destination, converted(arriving, to: output.format)),
          (signum_diff_source, result),
        ])
      try accumulate(result, into: input)
    }
    return output
  }

  /// Maximum pooling by our own passes, which take the layout of their input.
  ///
  /// oneDNN 2.6 takes a quarter of the time of a small network's gradient for it.
  func maximumPooling(
    _ image: Tensor, _ size: Int, stride: Int, padding: Int, relu: Bool
  ) throws -> Tensor {
    let layout = try image.format.imageLayout ?? .plain
    let input = try converted(image, to: Format(image: image.shape, layout))
    let shape = pooled(input.shape, [size, size], stride, padding)
    let output = try tensor(Format(image: shape, layout))
    let maximum = MaximumPooling(
      input: input.shape, output: shape, depth: layout.depth(of: shape[1]), size: size,
      stride: stride, padding: padding, relu: relu)
    let places = trains ? try tensor(output.format) : nil
    pass(.pooling, over: [input, output] + (places.map { [$0] } ?? [])) {
      unsafe maximum.forward(
        input.numbers, into: output.numbers, places: places?.numbers(as: Int32.self))
    }
    onBackward { [unowned self] in
      guard let difference = output.gradient, let places else { return }
      let arriving = try converted(difference, to: output.format)
      let result = try tensor(input.format)
      pass(.pooling, over: [arriving, places, result]) {
        unsafe maximum.backward(
          arriving.numbers, places: places.numbers(as: Int32.self), into: result.numbers)
      }
      try accumulate(result, into: image)
    }
    return output
  }

  private func pooled(_ shape: [Int], _ window: [Int], _ stride: Int, _ padding: Int) -> [Int] {
    shape[..<2] + zip(shape[2...], window).map { ($0 + 2 * padding - $1) / stride + 1 }
  }
}
