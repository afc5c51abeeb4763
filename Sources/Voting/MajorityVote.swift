public import MPIKit
public import SignBits

/// The majority vote of all ranks on the sign of every coordinate.
///
/// Fill `ballot`, call `begin(_:)`, do other work, call `wait(_:)` and read `controls`, call
/// `tally()` and read `verdict`. The verdict is the same on all ranks, to the bit, by every route.
///
/// With a number of `voters` a rank casts any number of ballots, none too, as long as all ranks
/// together cast that many: fill `ballot` and call `cast()` for each, then `begin(_:)`. So a rank
/// hosts several clients or workers, or a few ranks vote for all.
///
/// All calls but `cast()` and `tally()` are collective. Buffers are made once: d/4 bytes for ballot
/// and verdict, the messages of the route, and with `voters` a tally.
public final class MajorityVote {
  /// The signs that this rank votes with; free to change between `wait` and `begin`.
  public var ballot: SignPlanes {
    _read { yield contribution.ballot }
    _modify { yield &contribution.ballot }
  }
  /// The voted signs of the last finished vote.
  public private(set) var verdict: SignPlanes
  /// The control blocks of all ranks in the last finished vote, by rank.
  public private(set) var controls: [ControlBlock]
  /// What this rank sent and received in the last finished vote.
  public private(set) var traffic = Traffic()

  /// What the user should know about the route: it takes another way than was asked for.
  public let notice: String?

  private let communicator: Communicator
  private let route: any BallotRoute
  private let shape: VoteShape
  private let contribution: Contribution
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
  ///   - voters: The number of ballots, at most 2^20 − 1, the same on all ranks; nil for one of each
  ///     rank.
  ///   - rule: What zeros and ties count as.
  ///   - route: How ballots become a verdict; a single rank needs none.
  ///   - seed: The seed of the ties' coins.
  ///   - communicator: The ranks of the vote.
  /// - Precondition: `voters` lies in 1..<2^20.
  public convenience init(
    coordinateCount: Int, voters: Int? = nil, rule: SignRule, route: Route, seed: UInt64,
    communicator: borrowing Communicator
  ) throws(MPIError) {
    try self.init(
      coordinateCount: coordinateCount, voters: voters, rule: rule, route: route, seed: seed,
      layout: NodeLayout(), communicator: communicator)
  }

  /// The same, with nodes of other sizes than there are.
  package init(
    coordinateCount: Int, voters: Int? = nil, rule: SignRule, route: Route, seed: UInt64,
    layout: NodeLayout, communicator: borrowing Communicator
  ) throws(MPIError) {
    let ranks = communicator.size
    if let voters {
      precondition(
        voters > 0 && voters <= ControlBlock.maximumBallots, "\(voters) voters cannot be counted")
    }
    shape = VoteShape(
      coordinateCount: coordinateCount, voters: voters ?? ranks, sendsTallies: voters != nil,
      rule: rule, seed: seed, ranks: ranks, rank: communicator.rank)
    self.communicator = try communicator.duplicate()
    (self.route, notice) =
      if ranks == 1 {
        (LocalRoute(shape), nil)
      } else {
        switch route {
        case .exchange: (ExchangeRoute(shape), nil)
        case .hierarchical: try HierarchicalRoute.make(shape, layout, on: self.communicator)
        case .allreduce: (try AllReduceRoute(shape), nil)
        case .gather: (GatherRoute(shape), nil)
        case .dense: (DenseRoute(shape), nil)
        }
      }
    contribution = self.route.makeContribution(shape)
    verdict = SignPlanes(count: coordinateCount)
    controls = Array(repeating: ControlBlock(), count: ranks)
    masked = rule != .positive || self.route.saysWhatItCarries
  }

  /// Adds `ballot` to what this rank sends in the next vote.
  ///
  /// - Precondition: The vote has a number of voters and no more are cast; no vote is under way.
  /// - Complexity: O(d log voters); local.
  public func cast() {
    contribution.cast()
  }

  /// Starts a vote with `ballot`, or with what was cast.
  ///
  /// - Parameter control: The control block of this rank; its step names the vote and draws the
  ///   coins of ties.
  public func begin(_ control: ControlBlock) throws(MPIError) {
    self.control = control
    self.control.ballots = contribution.ballots
    if contribution.hasMask { self.control.flags.insert(.masksUsed) }
    traffic = Traffic()
    try route.begin(contribution, control: self.control, masked: masked, on: communicator)
  }

  /// Waits for the ballots of all ranks.
  ///
  /// - Throws: `VotingError` when a rank is silent for too long or votes on another step, or when
  ///   the number of ballots is not that of voters; `MPIError` when MPI fails.
  public func wait(_ patience: Patience) throws {
    try collect(patience)
    let needsMasks = controls.contains { $0.flags.contains(.masksUsed) }
    if needsMasks, !masked {
      masked = true
      try route.begin(contribution, control: control, masked: true, on: communicator)
      try collect(patience)
    }
    contribution.clear()
    // The tally needs to know what travelled, the next vote what was needed. Among several ballots
    // of each rank some abstain as a rule.
    hasMasks = masked
    masked =
      needsMasks || route.saysWhatItCarries || shape.sendsTallies && shape.rule != .positive
  }

  /// Turns the ballots that `wait(_:)` collected into `verdict`.
  ///
  /// - Complexity: O(d); local.
  public func tally() {
    route.tally(
      masked: hasMasks, coins: TieCoins(seed: shape.seed, step: control.step), into: &verdict)
  }

  private func collect(_ patience: Patience) throws {
    try listen(on: communicator, step: control.step, patience) { () throws in
      try route.wait(patience, on: communicator)
    }
    for rank in controls.indices { controls[rank] = route.control(of: rank) }
    traffic += route.traffic
    try checkSteps(of: controls, against: control.step)
    let cast = controls.reduce(0) { $0 + $1.ballots }
    guard cast == shape.voters else {
      throw VotingError.ballotCount(cast: cast, voters: shape.voters, step: control.step)
    }
  }
}
