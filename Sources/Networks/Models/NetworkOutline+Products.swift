extension NetworkOutline {
  /// The products that the scores of a sample add up, of weights with inputs and in causal attention.
  ///
  /// Twice as many operations of floating point; a gradient takes three times those, but that
  /// `firstProductCount` is needed twice only.
  public var productCount: Int { lines.reduce(0) { $0 + products(of: $1) } }

  /// Those of the first layer with parameters, whose inputs need no gradient.
  public var firstProductCount: Int {
    lines.first { $0.parameters > 0 }.map(products(of:)) ?? 0
  }

  private func products(of line: Line) -> Int {
    let output = line.output
    switch line.layer {
    case .convolution(let channels, _, _, _, let bias):
      return (line.parameters - (bias ? channels : 0)) * output[1] * output[2]
    case .dense(let outputs):
      return (line.parameters - outputs) * (output.count == 2 ? output[0] : 1)
    case .unembedding:
      guard case .embedding(let vocabulary, let width) = model.layers.first else { return 0 }
      return output[0] * vocabulary * width
    case .causalAttention: return output[0] * (output[0] + 1) * output[1]
    default: return 0
    }
  }
}
