import ArgumentParser
import SignBits
import Training
import Voting

/// The flags of `signum train` for how ranks agree on an update.
struct VoteFlags: ParsableArguments {
  @Option(help: "What zeros and ties count as. (default: fair)")
  var signRule: SignRule?

  @Option(
    name: .customLong("vote"),
    help: """
      How ballots, or scaled signs, become a verdict: the same bits by all; auto takes the fastest \
      in a trial of about a second. (default: auto; exchange for ef-signsgd)
      """)
  var vote = Choice<Route>()

  @Option(
    help: """
      Messages of the routes exchange and gather as they are, or as what changed since the last \
      step, entropy coded: fewer bytes, the same bits; auto takes the faster in the same trial. \
      (default: auto)
      """)
  var coding = Choice<Coding>()

  @Option(
    help: """
      Order in which sgd, sgd-momentum and adamw sum over ranks: by rank, or as MPI pleases. \
      (default: fixed)
      """)
  var mean: MeanOrder?

  func apply(to options: inout TrainingOptions) {
    options.signRule = signRule
    options.route = vote.value
    options.coding = coding.value
    options.mean = mean
  }
}
