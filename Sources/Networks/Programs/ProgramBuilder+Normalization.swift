internal import COneDNN

extension ProgramBuilder {
  /// Batch normalization: mean and variance of the batch in training, running ones in evaluation.
  func batchNormalization(_ input: Tensor, relu: Bool) throws -> Tensor {
    let channels = input.shape[1]
    let scale = try parameter([channels])
    let shift = try parameter([channels])
    let running = (mean: try statistic(), variance: try statistic())
    func describe(_ pass: signum_pass_t, _ hint: Description? = nil) throws -> Description {
      try unsafe Description("batch normalization of \(input.shape), pass \(pass.rawValue)") {
        made in
        unsafe signum_batch_normalization_describe(
          made, engine.handle, pass, hint?.handle, relu ? 1 : 0, input.format.handle,
          Network.epsilon)
      }
    }
    let forward = try describe(trains ? signum_training : signum_inference)
    let output = try tensor(input.format)
    var operands = [
      (signum_source, input), (signum_scale, scale.value), (signum_shift, shift.value),
      (signum_destination, output),
    ]
    guard trains else {
      operands += [(signum_mean, running.mean.value), (signum_variance, running.variance.value)]
      try run(.batchNormalization, forward, operands)
      return output
    }
    let batch = Program.BatchStatistics(
      mean: try tensor(Format([channels])), variance: try tensor(Format([channels])),
      meanStart: running.mean.start, varianceStart: running.variance.start, channels: channels,
      samples: input.shape[0] * input.shape[2...].reduce(1, *))
    batchStatistics.append(batch)
    var kept = [(signum_mean, batch.mean), (signum_variance, batch.variance)]
    if relu { kept.append((signum_workspace, try tensor(forward.format(signum_workspace)))) }
    try run(.batchNormalization, forward, operands + kept)
    onBackward { [unowned self] in
      guard let arriving = output.gradient else { return }
      let result = try tensor(input.format)
      try run(
        .batchNormalization, describe(signum_backward_data, forward),
        kept + [
          (signum_source, input), (signum_scale, scale.value), (signum_shift, shift.value),
          (signum_diff_destination, converted(arriving, to: input.format)),
          (signum_diff_source, result), (signum_diff_scale, scale.gradient),
          (signum_diff_shift, shift.gradient),
        ])
      finish(from: scale.start)
      try accumulate(result, into: input)
    }
    return output
  }
}
