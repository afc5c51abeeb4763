import Datasets
import Networks

extension ModelChoice {
  /// Whether it is a function without samples.
  var isClosedForm: Bool {
    if case .closedForm = self { true } else { false }
  }

  /// The network for samples; nil where the model is none.
  ///
  /// - Parameters:
  ///   - hidden: The widths of the hidden layers of an MLP.
  ///   - gpt: The sizes of a GPT.
  ///   - data: The samples.
  /// - Throws: `OptionError` where the samples are not of the kind that the model takes.
  func network(
    hidden: [Int], gpt: GPTOptions, for data: Dataset
  ) throws(OptionError) -> NetworkModel? {
    switch self {
    case .logistic, .closedForm: return nil
    case .gpt:
      guard case .text = data else {
        throw OptionError("--model gpt takes --data bible or text:FILE")
      }
      return gpt.model
    case .mlp, .cnn, .resnet, .layers: break
    }
    guard case .dense(let samples) = data else {
      throw OptionError(
        "--model \(self) takes dense data; for LIBSVM files use --model logistic")
    }
    let classes = samples.classCount
    switch self {
    case .cnn: return .cnn(input: try imageShape(of: samples), classes: classes)
    case .resnet(let depth):
      return .resnet(input: try imageShape(of: samples), classes: classes, depth: depth)
    case .layers(let list):
      let input = (try? imageShape(of: samples)) ?? [samples.width]
      return NetworkModel("--model", input: input, layers: list.layers)
    case .mlp, .gpt, .logistic, .closedForm:
      return .mlp(input: samples.width, hidden: hidden, classes: classes)
    }
  }

  /// Channels x rows x columns; a sample of rows x columns has one channel.
  private func imageShape(of samples: DenseDataset) throws(OptionError) -> [Int] {
    guard (2...3).contains(samples.shape.count) else {
      let shape = samples.shape.map(String.init).joined(separator: " x ")
      throw OptionError("--model \(self) takes images, the samples are \(shape): use --model mlp")
    }
    return samples.shape.count == 2 ? [1] + samples.shape : samples.shape
  }
}
