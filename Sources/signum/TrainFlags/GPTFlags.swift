import ArgumentParser
import Training

/// The flags of `signum train` for the sizes of a GPT, and its drop-out.
struct GPTFlags: ParsableArguments {
  @Option(parsing: .unconditional, help: "Layers of a GPT: attention and perceptron.")
  var layers = GPTOptions().layers

  @Option(parsing: .unconditional, help: "Heads of a GPT's attention; they divide its width.")
  var heads = GPTOptions().heads

  @Option(parsing: .unconditional, help: "Width of a GPT: numbers of a byte between its layers.")
  var width = GPTOptions().width

  @Option(
    parsing: .unconditional,
    help: "Bytes of a GPT's sample, and that it predicts a byte from at the most.")
  var context = GPTOptions().context

  @Flag(help: "A GPT's scores take the weights of its embedding. (default: weights of their own)")
  var tie = false

  @Option(
    parsing: .unconditional, help: "Probability that a GPT drops a number in training, in [0, 1).")
  var dropout = GPTOptions().dropout

  func apply(to options: inout TrainingOptions) {
    options.gpt.layers = layers
    options.gpt.heads = heads
    options.gpt.width = width
    options.gpt.context = context
    options.gpt.tie = tie
    options.gpt.dropout = dropout
  }
}
