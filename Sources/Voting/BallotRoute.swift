internal import MPIKit
internal import SignBits

/// One way of turning the ballots of all ranks into a verdict.
///
/// A route owns its message buffers, made once; nothing is allocated in a vote. Its calls are
/// collective: every rank makes them in the same order.
protocol BallotRoute: AnyObject {
  /// Copies a ballot and the control block into the messages and starts to send them.
  ///
  /// - Parameter masked: Whether masks travel. The same on all ranks; when it is false and some
  ///   rank uses a mask all the same, the vote is held once more with masks.
  func begin(
    _ ballot: borrowing SignPlanes, control: ControlBlock, masked: Bool,
    on communicator: borrowing Communicator) throws(MPIError)

  /// Waits until all messages have come.
  func wait(_ patience: Patience) throws

  /// The control block that came from a rank.
  func control(of rank: Int) -> ControlBlock

  /// Turns what came into the verdict.
  func tally(masked: Bool, coins: TieCoins, into verdict: inout SignPlanes)

  /// What the last vote sent and received.
  var traffic: Traffic { get }
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
