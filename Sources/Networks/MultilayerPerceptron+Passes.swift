internal import COneDNN

/// The operations of a perceptron for one number of samples, compiled once.
final class Passes {
  /// The samples, pointed into each batch.
  let features: Memory
  /// The forward pass, from the first layer to the last.
  let forward: [InnerProduct]
  /// Gradients by each layer's weight and bias, from the first layer to the last.
  let backwardWeights: [InnerProduct]
  /// Gradients by the input of each layer but the first.
  let backwardData: [InnerProduct]

  init(_ model: MultilayerPerceptron, batch: Int) throws(OneDNNError) {
    let engine = model.engine
    let widths = model.widths
    let features = try Memory(engine, shape: [batch, widths[0]])
    var inputs = [features]
    var deltas: [Memory] = []
    for (layer, width) in widths.dropFirst().enumerated() {
      let output = try Memory(engine, shape: [batch, width])
      try unsafe output.point(at: model.outputs[layer].address)
      inputs.append(output)
      let delta = try Memory(engine, shape: [batch, width])
      try unsafe delta.point(at: model.deltas[layer].address)
      deltas.append(delta)
    }
    var forward: [InnerProduct] = []
    var backwardWeights: [InnerProduct] = []
    var backwardData: [InnerProduct] = []
    for layer in deltas.indices {
      func pass(
        _ pass: signum_pass_t, _ operands: [(argument: CInt, memory: Memory)]
      ) throws(OneDNNError) -> InnerProduct {
        try InnerProduct(
          engine, pass, batch: batch, inputs: widths[layer], outputs: widths[layer + 1],
          operands: operands)
      }
      let parameters = model.parameters[layer]
      let gradients = model.gradients[layer]
      let isLast = layer == deltas.count - 1
      forward.append(
        try pass(
          isLast ? signum_forward : signum_forward_relu,
          [
            (signum_arg_source(), inputs[layer]), (signum_arg_weights(), parameters.weight),
            (signum_arg_bias(), parameters.bias), (signum_arg_destination(), inputs[layer + 1]),
          ]))
      backwardWeights.append(
        try pass(
          signum_backward_weights,
          [
            (signum_arg_source(), inputs[layer]), (signum_arg_diff_destination(), deltas[layer]),
            (signum_arg_diff_weights(), gradients.weight),
            (signum_arg_diff_bias(), gradients.bias),
          ]))
      guard layer > 0 else { continue }
      backwardData.append(
        try pass(
          signum_backward_data,
          [
            (signum_arg_diff_destination(), deltas[layer]),
            (signum_arg_weights(), parameters.weight),
            (signum_arg_diff_source(), deltas[layer - 1]),
          ]))
    }
    self.features = features
    self.forward = forward
    self.backwardWeights = backwardWeights
    self.backwardData = backwardData
  }
}
