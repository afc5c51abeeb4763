import ArgumentParser
import Networks
import Training

/// The flags of `signum train` for what is trained.
struct ModelFlags: ParsableArguments {
  @Option(
    help: "What is trained: \(ModelChoice.forms). (default: mlp)", transform: parseModel)
  var model: ModelChoice = .mlp

  @Option(
    help: "Widths of the MLP's hidden layers. (default: 256,256)", transform: parseWidths)
  var hidden: [Int]?

  @Option(
    help: "Parameters to start from, as --save writes them. (default: drawn from the seed)",
    completion: .file())
  var startFrom: String?

  @Option(
    name: .customLong("dtype"),
    help: """
      What products in gradients are formed of; bf16 needs a processor with AVX512-BF16. Weights, \
      momentum and evaluation are float32.
      """)
  var computeType = ComputeType.float32

  @Flag(help: "Print layers, shapes and tensors of the model, then end.")
  var describeModel = false

  func apply(to options: inout TrainingOptions) {
    options.model = model
    options.hidden = hidden
    options.startFrom = startFrom
    options.computeType = computeType
  }
}
