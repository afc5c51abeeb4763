/// How ballots become a verdict (`--vote`).
///
/// A vote counts integers, so all routes give the same bits at any number of ranks.
public enum Route: String, CaseIterable, Sendable {
  /// MPI_Allreduce of bit-sliced counters with an operation of our own: the paper's form.
  case allreduce
  /// Ballots to the owners of shards, who tally them and send the verdict to all: the least bytes,
  /// the same at any number of ranks. For many parameters, over a network.
  case exchange
  /// Ballots tallied in shared memory on each node, one tally a node to the owners of shards: the
  /// fastest on one node, the least traffic where nodes have several ranks.
  case hierarchical
  /// All ballots to all ranks, each of which tallies them: for few ranks, and to check.
  case gather
  /// MPI_Allreduce of the signs as Float32: the oracle, and the cost without packing.
  case dense
}

/// The payload of the messages that one rank sends and receives, headers of ours included.
public struct Traffic: Equatable, Sendable {
  /// Bytes sent.
  public var bytesSent = 0
  /// Bytes received.
  public var bytesReceived = 0
  /// Of the bytes sent those of ballots, where they are told from those of verdicts.
  public var ballotBytesSent = 0
  /// Of the bytes sent those that were on their way before the own ballot was complete.
  public var bytesOverlapped = 0
  /// Whether the figures are those of a collective's usual algorithm, since MPI keeps its own
  /// messages to itself.
  public var isModelled = false

  /// No traffic.
  public init() {}

  /// The traffic per rank of a reduction of so many bytes by reduce-scatter and all-gather, or by
  /// a ring: 2(N−1)/N of them in each direction.
  package static func allReduce(bytes: Int, ranks: Int) -> Traffic {
    var traffic = Traffic()
    traffic.bytesSent = 2 * bytes / ranks * (ranks - 1)
    traffic.bytesReceived = traffic.bytesSent
    traffic.isModelled = true
    return traffic
  }

  /// The traffic per rank of an all-gather by a ring, each rank giving so many bytes.
  static func allGather(bytesPerRank: Int, ranks: Int) -> Traffic {
    var traffic = Traffic()
    traffic.bytesSent = bytesPerRank * (ranks - 1)
    traffic.bytesReceived = traffic.bytesSent
    traffic.isModelled = true
    return traffic
  }

  package static func += (total: inout Traffic, part: Traffic) {
    total.bytesSent += part.bytesSent
    total.bytesReceived += part.bytesReceived
    total.ballotBytesSent += part.ballotBytesSent
    total.bytesOverlapped += part.bytesOverlapped
    total.isModelled = total.isModelled || part.isModelled
  }
}
