import Foundation
import MPIKit
import Objectives
import SignDescent
import Voting

extension RunPlan {
  /// Who votes in the run, as a rank sees it.
  func electorate(rank: Int) -> Electorate {
    guard let cohort else { return Electorate(ranks: ranks, rank: rank) }
    return Electorate(
      clients: cohort.clients, attendance: cohort.attendance, seed: options.seed, ranks: ranks,
      rank: rank)
  }

  /// Whether votes may begin before the gradient is complete: on a route that can, where every rank
  /// votes with deterministic signs of its own gradient, which nothing changes as a whole.
  var votesEarly: Bool {
    route == .exchange && ranks > 1 && cohort == nil && radius == nil && options.clip == nil
      && options.adversaries == 0 && options.algorithm != .ssvr
  }

  /// Tries the routes of the vote where the options leave it open (`--vote auto`) and there is
  /// something to choose.
  ///
  /// Collective.
  func tryRoutes(parameters: Int, world: borrowing Communicator) throws -> RouteTrial? {
    guard options.algorithm.exchange == .vote, ranks > 1 else { return nil }
    let candidates = candidates
    guard candidates.count > 1 else { return nil }
    return try RouteTrial(
      of: candidates, flipRate: acos(momentum ?? 0) / .pi, coordinateCount: parameters,
      voters: electorate(rank: world.rank).ballots, rule: signRule,
      patience: Patience(limitSeconds: options.collectiveTimeout), communicator: world)
  }

  /// What the options leave open of route and coding.
  private var candidates: [RouteTrial.Candidate] {
    var candidates = RouteTrial.Candidate.all
    if let route = options.route {
      candidates = [.init(route)]
      if TrainingOptions.codedRoutes.contains(route) { candidates.append(.init(route, .delta)) }
    } else if options.coding == .delta {
      candidates = TrainingOptions.codedRoutes.map { .init($0, .delta) }
    }
    // Who waits in shared memory does not notice that a rank died.
    let isShared = options.onFailure == .abort || !MPI.mitigatesFailures
    return candidates.filter {
      (options.coding == nil || options.coding == $0.coding)
        && (isShared || $0.route != .hierarchical)
    }
  }

  /// How the point ahead comes about; nil where gradients are taken at the parameters.
  ///
  /// At a constant rate, the same for all, without decay and without a feasible set the last verdict
  /// tells it; else the previous parameters have to be kept.
  func lookAheadForm(for objective: any Objective) -> LookAheadPoint.Form? {
    guard options.algorithm == .signumExtrapolated else { return nil }
    let isConstant = options.schedule == Schedule(.constant) || options.schedule.definesMomentum
    let isUniform = options.learningRateScaling == .none && options.weightDecay == 0
    return isConstant && isUniform && !objective.isConstrained ? .rebuilt : .stored
  }

  /// The optimizer of the run.
  ///
  /// Collective.
  func makeOptimizer(
    for objective: any Objective, electorate: Electorate, patience: Patience,
    world: borrowing Communicator
  ) throws(MPIError) -> any DistributedOptimizer {
    switch options.algorithm.exchange {
    case .vote:
      try VotedDescent(
        plan: self, objective: objective, electorate: electorate, patience: patience,
        world: world)
    case .scaledSigns:
      try ErrorFeedbackDescent(plan: self, layout: objective.layout, world: world)
    case .mean:
      try AveragedDescent(
        plan: self, objective: objective, electorate: electorate, world: world)
    }
  }
}
