/// Who takes part in a federated round, and what each does in it.
public struct Cohort: Equatable, Sendable {
  /// C, the number of clients.
  public var clients: Int
  /// The share of the clients that takes part in a round.
  public var participation: Double
  /// K, the number of gradients of a client in a round.
  public var localSteps: Int
  /// η, the learning rate of local steps.
  public var localLearningRate: Double

  /// Clients that take local steps.
  public init(
    clients: Int, participation: Double, localSteps: Int, localLearningRate: Double
  ) {
    self.clients = clients
    self.participation = participation
    self.localSteps = localSteps
    self.localLearningRate = localLearningRate
  }

  /// |S|, the number of clients in a round: max(1, round(participation · clients)).
  public var attendance: Int { max(1, Int((participation * Double(clients)).rounded())) }
}

extension TrainingOptions {
  /// The clients of the run; nil where the ranks themselves vote or average.
  ///
  /// `sgd` is over clients as soon as an option of theirs is given: federated averaging.
  public var cohort: Cohort? {
    let isAsked =
      clients != nil || participation != nil || localSteps != nil || localLearningRate != nil
    guard isAsked || algorithm.isFederated else { return nil }
    return Cohort(
      clients: clients ?? 100, participation: participation ?? 0.1, localSteps: localSteps ?? 5,
      localLearningRate: localLearningRate ?? 0.05)
  }
}
