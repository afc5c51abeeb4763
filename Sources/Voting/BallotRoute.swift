internal import MPIKit
internal import SignBits

/// One way of turning the ballots of all ranks into a verdict.
///
/// A route owns its message buffers, made once; nothing is allocated in a vote. Its calls are
/// collective: every rank makes them in the same order.
protocol BallotRoute: AnyObject {
  /// Makes room for what this rank brings to a vote, where the route wants it.
  func makeContribution(_ shape: VoteShape) -> Contribution

  /// Starts a vote whose ballot is not complete yet, where the route can.
  func open(
    _ contribution: Contribution, step: Int, on communicator: borrowing Communicator
  ) throws(MPIError)

  /// Says that the ballot of an open vote is complete in the next bucket, and goes on with it.
  func release(bucket: Int, on communicator: borrowing Communicator) throws

  /// Lets MPI work at an open vote.
  func progress(on communicator: borrowing Communicator) throws

  /// Starts to send a ballot, or a tally of ballots, and the control block; or what of an open vote
  /// is not released yet.
  ///
  /// What is sent stays as it is until the wait is over.
  ///
  /// - Parameter masked: Whether masks travel. The same on all ranks; when it is false and some
  ///   rank uses a mask all the same, the vote is held once more with masks.
  func begin(
    _ contribution: Contribution, control: ControlBlock, masked: Bool,
    on communicator: borrowing Communicator) throws(MPIError)

  /// Waits until all messages have come.
  func wait(_ patience: Patience, on communicator: borrowing Communicator) throws

  /// The control block that came from a rank.
  func control(of rank: Int) -> ControlBlock

  /// Turns what came into the verdict.
  func tally(masked: Bool, coins: TieCoins, into verdict: inout SignPlanes)

  /// What the last vote sent and received.
  var traffic: Traffic { get }

  /// Whether masks travel where a ballot has one, whatever `masked` says.
  var saysWhatItCarries: Bool { get }
}

extension BallotRoute {
  func makeContribution(_ shape: VoteShape) -> Contribution { Contribution(shape) }

  func open(
    _ contribution: Contribution, step: Int, on communicator: borrowing Communicator
  ) throws(MPIError) {}

  func release(bucket: Int, on communicator: borrowing Communicator) throws {}

  func progress(on communicator: borrowing Communicator) throws {}

  var saysWhatItCarries: Bool { false }
}

/// How long to wait, and what to do meanwhile.
public struct Patience {
  /// Seconds without an answer after which waiting ends in an error.
  public let limitSeconds: Double
  /// Called between looks at the messages; must not call MPI.
  public let whileWaiting: () -> Void

  /// A time limit and something to do.
  public init(limitSeconds: Double, whileWaiting: @escaping () -> Void = {}) {
    self.limitSeconds = limitSeconds
    self.whileWaiting = whileWaiting
  }
}
