public import MPIKit
public import SignBits

/// The majority vote of all ranks on the sign of every coordinate.
///
/// Fill `ballot`, call `begin(_:)`, do other work, call `wait(_:)` and read `controls`, call
/// `tally()` and read `verdict`. The verdict is the same on all ranks, to the bit, by every route.
///
/// All calls are collective. Buffers are made once: d/4 bytes for ballot and verdict, and the
/// messages of the route.
public final class MajorityVote {
  /// The signs that this rank votes with; free to change between `finish` and `begin`.
  public var ballot: SignPlanes
  /// The voted signs of the last finished vote.
  public private(set) var verdict: SignPlanes
  /// The control blocks of all ranks in the last finished vote, by rank.
  public private(set) var controls: [ControlBlock]
  /// What this rank sent and received in the last finished vote.
  public private(set) var traffic = Traffic()

  private let communicator: Communicator
  private let route: any BallotRoute
  private let seed: UInt64
  private var control = ControlBlock()
  /// Whether masks travelled in the last vote.
  private var hasMasks = false
  /// Whether masks travel in the next vote: as some rank needed them in the last one.
  private var masked: Bool

  /// Prepares votes on so many coordinates.
  ///
  /// Collective: duplicates the communicator.
  ///
  /// - Parameters:
  ///   - coordinateCount: d, the same on all ranks.
  ///   - rule: What zeros and ties count as.
  ///   - route: How ballots become a verdict.
  ///   - seed: The seed of the ties' coins.
  ///   - communicator: Those who vote.
  public init(
    coordinateCount: Int, rule: SignRule, route: Route, seed: UInt64,
    communicator: borrowing Communicator
  ) throws(MPIError) {
    let ranks = communicator.size
    let rank = communicator.rank
    self.communicator = try communicator.duplicate()
    self.route =
      switch route {
      case .allreduce:
        try AllReduceRoute(coordinateCount: coordinateCount, rule: rule, ranks: ranks, rank: rank)
      case .gather:
        GatherRoute(coordinateCount: coordinateCount, rule: rule, ranks: ranks, rank: rank)
      case .dense:
        DenseRoute(coordinateCount: coordinateCount, rule: rule, ranks: ranks, rank: rank)
      }
    self.seed = seed
    ballot = SignPlanes(count: coordinateCount)
    verdict = SignPlanes(count: coordinateCount)
    controls = Array(repeating: ControlBlock(), count: ranks)
    masked = rule != .positive
  }

  /// Starts a vote with `ballot`.
  ///
  /// - Parameter control: The control block of this rank; its step names the vote and draws the
  ///   coins of ties.
  public func begin(_ control: ControlBlock) throws(MPIError) {
    self.control = control
    if ballot.hasMask { self.control.flags.insert(.masksUsed) }
    traffic = Traffic()
    try route.begin(ballot, control: self.control, masked: masked, on: communicator)
  }

  /// Waits for the ballots of all ranks.
  ///
  /// - Throws: `VotingError` when a rank is silent for too long or votes on another step,
  ///   `MPIError` when MPI fails.
  public func wait(_ patience: Patience) throws {
    try collect(patience)
    let needsMasks = controls.contains { $0.flags.contains(.masksUsed) }
    if needsMasks, !masked {
      masked = true
      try route.begin(ballot, control: control, masked: true, on: communicator)
      try collect(patience)
    }
    // The tally needs to know what travelled, the next vote what was needed.
    hasMasks = masked
    masked = needsMasks
  }

  /// Turns the ballots that `wait(_:)` collected into `verdict`.
  ///
  /// - Complexity: O(d); local.
  public func tally() {
    route.tally(
      masked: hasMasks, coins: TieCoins(seed: seed, step: control.step), into: &verdict)
  }

  private func collect(_ patience: Patience) throws {
    try listen(on: communicator, step: control.step, patience) { () throws in
      try route.wait(patience)
    }
    for rank in controls.indices { controls[rank] = route.control(of: rank) }
    traffic += route.traffic
    try checkSteps(of: controls, against: control.step)
  }
}
