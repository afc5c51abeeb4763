import ArgumentParser
import Training

/// The flags of `signum train` for voters that attack.
struct AdversaryFlags: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "Share of ranks or clients that attack instead of voting, in [0, 1).")
  var adversaries = 0.0

  @Option(help: "What adversaries send. (default: invert)")
  var attack: Attack?

  func apply(to options: inout TrainingOptions) {
    options.adversaries = adversaries
    options.attack = attack
  }
}
