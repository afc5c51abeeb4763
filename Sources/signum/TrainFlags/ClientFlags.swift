import ArgumentParser
import Training

/// The flags of `signum train` for federated clients.
struct ClientFlags: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "Clients, hosted by the ranks, for signum-federated and sgd. (default: 100)")
  var clients: Int?

  @Option(
    parsing: .unconditional,
    help: "Share of the clients in a round, in (0, 1]. (default: 0.1)")
  var participation: Double?

  @Option(parsing: .unconditional, help: "Gradients of a client in a round. (default: 5)")
  var localSteps: Int?

  @Option(
    name: .customLong("local-lr"), parsing: .unconditional,
    help: "Learning rate of a client's local steps. (default: 0.05)")
  var localLearningRate: Double?

  func apply(to options: inout TrainingOptions) {
    options.clients = clients
    options.participation = participation
    options.localSteps = localSteps
    options.localLearningRate = localLearningRate
  }
}
