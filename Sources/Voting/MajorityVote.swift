public import MPIKit
public import SignBits

/// The majority vote of all ranks on the sign of every coordinate.
///
/// Fill `ballot`, call `begin(_:)`, do other work, call `wait(_:)` and read `controls`, call
/// `tally()` and read `verdict`. The verdict is the same on all ranks, to the bit, by every route.
///
/// With `buckets` a vote may begin before the ballot is complete: call `open(step:)`, fill the
/// coordinates of the first bucket and call `release(bucket: 0)`, and so on; call `progress()` every
/// few milliseconds of the work in between; then `begin(_:)` as before. The route `exchange` votes on
/// what is released meanwhile; to the others these calls are nothing.
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
  let route: any BallotRoute
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
  ///   - coding: Whether messages are coded, where the route can: `exchange` and `gather`.
  ///   - buckets: The blocks of 4096 coordinates that are complete one after the other: ranges of
  ///     their numbers, which together are all blocks, each once; nil for all at a time.
  ///   - seed: The seed of the ties' coins.
  ///   - communicator: The ranks of the vote.
  /// - Precondition: `voters` lies in 1..<2^20; the buckets are as many blocks as there are.
  public convenience init(
    coordinateCount: Int, voters: Int? = nil, rule: SignRule, route: Route,
    coding: Coding = .none, buckets: [Range<Int>]? = nil, seed: UInt64,
    communicator: borrowing Communicator
  ) throws(MPIError) {
    try self.init(
      coordinateCount: coordinateCount, voters: voters, rule: rule, route: route, coding: coding,
      buckets: buckets, seed: seed, layout: NodeLayout(), communicator: communicator)
  }

  /// The same, with nodes of other sizes than there are.
  package init(
    coordinateCount: Int, voters: Int? = nil, rule: SignRule, route: Route,
    coding: Coding = .none, buckets: [Range<Int>]? = nil, seed: UInt64, layout: NodeLayout,
    communicator: borrowing Communicator
  ) throws(MPIError) {
    let ranks = communicator.size
    let blockCount = Tally.blockCount(coordinates: coordinateCount)
    let buckets = buckets ?? [0..<blockCount]
    precondition(
      buckets.reduce(0) { $0 + $1.count } == blockCount,
      "buckets of other blocks than the \(blockCount)")
    if let voters {
      precondition(
        voters > 0 && voters <= ControlBlock.maximumBallots, "\(voters) voters cannot be counted")
    }
    shape = VoteShape(
      coordinateCount: coordinateCount, voters: voters ?? ranks, sendsTallies: voters != nil,
      rule: rule, seed: seed, coding: coding, buckets: buckets, ranks: ranks,
      rank: communicator.rank)
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

  /// Takes back what `ballot` notes of masks, before all of it is filled in parts.
  public func clearMask() { contribution.ballot.clearMask() }

  /// Opens a vote whose ballot is released in buckets.
  ///
  /// - Precondition: Every rank has one ballot, not voters.
  public func open(step: Int) throws(MPIError) {
    precondition(!shape.sendsTallies, "a tally of several ballots is complete at once")
    try route.open(contribution, step: step, on: communicator)
  }

  /// Says that `ballot` is complete in the next bucket.
  ///
  /// - Precondition: The vote is open, and `bucket` is the next one.
  /// - Throws: `VotingError`, `MPIError`.
  public func release(bucket: Int) throws {
    try route.release(bucket: bucket, on: communicator)
  }

  /// Lets MPI work at an open vote; local, does not block.
  public func progress() throws { try route.progress(on: communicator) }

  /// Starts a vote with `ballot`, or with what was cast; or completes an open one.
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
