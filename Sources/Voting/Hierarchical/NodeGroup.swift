internal import MPIKit
internal import SignBits

/// How the ranks of a node hand each other ballots and verdicts in the route `hierarchical`.
///
/// Calls are made by all ranks of the node in each vote, in this order; none of them blocks.
protocol NodeGroup: AnyObject {
  /// Room for ballots where the group wants them.
  func makeContribution(_ shape: VoteShape) -> Contribution

  /// Hands the own ballots to the others, and makes a verdict ready to be written.
  func begin(
    _ contribution: Contribution, control: ControlBlock, vote: UInt32,
    verdict: inout SignPlanes, on communicator: borrowing Communicator) throws(MPIError)

  /// Lets messages come and go.
  ///
  /// - Returns: Whether any did.
  func takeWhatCame() throws -> Bool

  /// Whether the ballots of all ranks of the node are there.
  var areBallotsIn: Bool { get }
  /// Where the ballot of a rank of the node lies, from the first block of a shard on.
  func place(of rank: Int, shard: Int) -> BallotPlace
  /// Lends the words in which ballots lie.
  func withBallots(_ body: (Span<UInt64>) -> Void)
  /// The control block of a rank of the node, once its ballot is there.
  func control(of rank: Int) -> ControlBlock

  /// Hands the others the verdict of all shards that this rank tallies.
  func publish(
    _ verdict: borrowing SignPlanes, on communicator: borrowing Communicator) throws(MPIError)

  /// Whether the verdict of all shards is there; completes it then.
  func complete(_ verdict: inout SignPlanes) -> Bool

  /// What went over the network in this vote.
  var traffic: Traffic { get }
}

extension NodeGroup {
  func makeContribution(_ shape: VoteShape) -> Contribution { Contribution(shape) }
}

/// Where the ballot of a rank lies among words, from some block on.
struct BallotPlace {
  /// The sign plane, or the tally.
  let first: Int
  /// The mask plane; nil where the ballot has no mask.
  let masks: Int?
  /// Whether some coordinate may be masked.
  let isMasked: Bool
  /// The words from one block to the next.
  let stride: Int

  /// The planes of a block, counted from the first one.
  func part(at block: Int, _ shape: VoteShape) -> Tally.Part {
    shape.sendsTallies
      ? .tally(at: first + block * stride, ranks: shape.voters, masked: true)
      : .ballot(signs: first + block * stride, masks: masks.map { $0 + block * stride })
  }
}
