import AlignedBuffers
import Datasets
import MPIKit
import RunLog
import Voting

/// `signum evaluate`: the accuracy of saved parameters on data.
public enum EvaluationProgram {
  /// Seconds a rank waits for the others.
  private static let timeLimitSeconds = 120.0

  /// Evaluates on the test set, or on the training set where there is no other, and prints the
  /// accuracy, also of each class.
  ///
  /// - Parameters:
  ///   - path: The safetensors file that `train --save` wrote.
  ///   - source: The data, as `--data` takes it.
  ///   - threads: Threads of a rank; nil for the cores of the node divided by its ranks.
  /// - Returns: The exit code.
  public static func run(weights path: String, data source: String, threads: Int?) -> Int32 {
    RankProgram.run { world in
      let nodes = try NodeMap(world)
      let threads = threads ?? nodes.threadsPerRank
      let prepared = Result {
        let source = try DataSource(parsing: source)
        let gpt = try ModelFile.gpt(in: path)
        guard source.isText == (gpt != nil) else {
          throw OptionError(
            "\(path): its model is \(gpt == nil ? "none" : "one") of texts: give --data accordingly"
          )
        }
        let data = try source.load(context: gpt?.context ?? 1)
        return (
          data,
          try ModelFile.read(
            path, for: data, localRanks: nodes.localRanks, threads: threads)
        )
      }
      var failure: (any Error)?
      if case .failure(let error) = prepared { failure = error }
      guard try Agreement.isReady(failure, on: world) else { return 2 }
      let (data, model) = try prepared.get()
      let evaluator = try Evaluator(
        workload: Workload(objective: model.objective, data: data),
        patience: Patience(limitSeconds: timeLimitSeconds), world: world)
      let evaluation = try model.state.parameters.withSpan { parameters in
        try evaluator.evaluate(parameters, on: data.test == nil ? .train : .test)
      }
      if world.rank == 0 { report(evaluation) }
      return 0
    }
  }

  private static func report(_ evaluation: Evaluation) {
    Console.print(evaluation.text)
    guard !evaluation.classSizes.isEmpty else { return }
    Console.print("class  samples  accuracy")
    for (number, accuracy) in evaluation.classAccuracies.enumerated() {
      let percent = accuracy.map { fixed(100 * $0, 2) + " %" } ?? "-"
      Console.print(
        padded("\(number)", 5) + padded("\(evaluation.classSizes[number])", 9)
          + padded(percent, 10))
    }
  }
}
