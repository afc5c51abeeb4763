import ArgumentParser
import Training

/// `signum evaluate`.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Accuracy of saved parameters, in all and of each class; the loss of a GPT.",
    discussion: """
      The test set counts, or the training set where the data have no other. Under mpirun the \
      samples are divided over the ranks.
      """)

  @Argument(
    help: "Parameters that 'signum train --save' wrote, safetensors.", completion: .file())
  var weights: String

  @Option(
    help: """
      Samples: fashion-mnist, idx:DIR, cifar-10:DIR, cifar-100:DIR, libsvm:FILE; bible or \
      text:FILE for a GPT.
      """)
  var data = "fashion-mnist"

  @Option(help: "Threads per rank. (default: cores of the node / its ranks)")
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 || threads > 4096 {
      throw ValidationError("--threads must lie in 1...4096: found \(threads)")
    }
  }

  func run() throws {
    let status = EvaluationProgram.run(weights: weights, data: data, threads: threads)
    if status != 0 { throw ExitCode(status) }
  }
}
