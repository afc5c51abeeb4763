internal import SignBits

/// Who tallies which blocks in the route `exchange`, and in which chunks they travel.
///
/// Rank r owns the blocks ⌊rB/N⌋..<⌊(r+1)B/N⌋ of the B blocks of 64 words: its shard. With fewer
/// blocks than ranks some own none.
struct ExchangePlan {
  /// The planes of a chunk take about this many bytes: less than the buffer of a socket, more than
  /// what a message costs.
  private static let chunkBytes = 48 << 10
  /// How many messages of a kind are in flight to a partner, and to all partners together: all at
  /// once overrun the buffers of a switch.
  private static let messagesPerPartner = 4
  private static let messagesToAll = 16

  let ranks: Int
  let planeWords: Int
  let blockCount: Int
  /// The blocks of a chunk.
  let chunkBlocks: Int
  /// The messages of a kind in flight to one partner.
  let window: Int

  init(_ shape: VoteShape) {
    ranks = shape.ranks
    planeWords = shape.planeWords
    blockCount = Tally.blockCount(coordinates: shape.coordinateCount)
    window = max(1, min(Self.messagesPerPartner, Self.messagesToAll / max(1, ranks - 1)))
    let planes = shape.sendsTallies ? Tally.planeCount(ranks: shape.voters, masked: true) : 1
    chunkBlocks = max(1, Self.chunkBytes / (8 * Tally.blockPlaneWords * planes))
  }

  /// The words of the longest message of any vote, of whatever d.
  ///
  /// So that a rank that votes on more coordinates by mistake is found by the length of its
  /// messages: Open MPI 4 reports a message that is longer than the room for it, but may write it
  /// whole (seen with 240 kB into 8 bytes).
  static let roomWords = 2 * chunkBytes / 8 + 64

  /// The blocks that a rank owns.
  func shard(of rank: Int) -> Range<Int> {
    rank * blockCount / ranks..<(rank + 1) * blockCount / ranks
  }

  /// The chunks of a shard.
  func chunkCount(of rank: Int) -> Int {
    (shard(of: rank).count + chunkBlocks - 1) / chunkBlocks
  }

  /// The messages that each rank sends to an owner: one at least, since it carries the control block.
  func ballotCount(of rank: Int) -> Int { max(1, chunkCount(of: rank)) }

  /// The blocks of a chunk of a shard; none behind its end.
  func blocks(ofChunk chunk: Int, of rank: Int) -> Range<Int> {
    let shard = shard(of: rank)
    let first = min(shard.lowerBound + chunk * chunkBlocks, shard.upperBound)
    return first..<min(first + chunkBlocks, shard.upperBound)
  }
}
