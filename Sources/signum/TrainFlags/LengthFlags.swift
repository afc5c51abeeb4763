import ArgumentParser
import Training

/// The flags of `signum train` for when a run ends, and evaluates.
struct LengthFlags: ParsableArguments {
  @Option(parsing: .unconditional, help: "Passes over the training set. (default: 5)")
  var epochs: Int?

  @Option(
    parsing: .unconditional,
    help: "Steps, instead of --epochs; 0 leaves the initial weights.")
  var steps: Int?

  @Option(
    help: """
      End after the first evaluation that reaches it, as in accuracy:0.9. (default: all steps)
      """,
    transform: { try value($0, "accuracy:A with A in (0, 1]") })
  var stopAt: StopTarget?

  @Option(
    parsing: .unconditional,
    help: "Steps between evaluations, 0: only at the end. (default: an epoch)")
  var evaluateEvery: Int?

  func validate() throws {
    if epochs != nil, steps != nil {
      throw ValidationError("give --epochs or --steps, not both")
    }
  }

  func apply(to options: inout TrainingOptions) {
    options.length = steps.map(RunLength.steps) ?? .epochs(epochs ?? 5)
    options.stopAt = stopAt
    options.evaluateEvery = evaluateEvery
  }
}
