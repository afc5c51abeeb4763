internal import SignBits

/// Who tallies which blocks in the route `exchange`, and in which chunks they travel.
///
/// The blocks come in buckets, which are voted on one after the other. Of each bucket of B blocks
/// rank r owns the blocks ⌊rB/N⌋..<⌊(r+1)B/N⌋, turned by one rank from bucket to bucket, so that
/// small ones do not all go to the same: together its shard. With fewer blocks than ranks some own
/// none.
struct ExchangePlan {
  /// Some blocks of a shard that travel together.
  struct Chunk {
    let range: BlockRange
    let bucket: Int
    /// The number of blocks in the chunks before it, of the same owner.
    let firstBlock: Int
    /// Its number among the chunks of all owners.
    let number: Int
  }

  /// The planes of a chunk take about this many bytes.
  ///
  /// Less than the buffer of a socket, more than what a message costs; where they are coded a message
  /// is a fraction of it. Measured with 4 hosts
  /// at 1 Gbit/s: uncoded 1.03 x the wire's minimum with 48 kB and 1.4 x with 128 kB; coded 0.60 and
  /// 0.50 x.
  private static let chunkBytes = 48 << 10
  private static let codedChunkBytes = 128 << 10
  /// How many messages of a kind are in flight to all partners together: enough for the link while a
  /// layer's gradient is computed, and more overrun the buffers of a switch.
  private static let messagesInFlight = 16

  /// The most blocks of a chunk.
  let chunkBlocks: Int
  /// The words of the longest message.
  let roomWords: Int
  /// The messages of a kind in flight to one partner.
  let window: Int
  /// The number of buckets.
  let bucketCount: Int
  /// The chunks of each rank's shard, in the order in which they are voted on; one without blocks
  /// where there are none, since a message carries the control block.
  let chunks: [[Chunk]]

  init(_ shape: VoteShape) {
    window = max(1, Self.messagesInFlight / max(1, shape.ranks - 1))
    let planes = shape.sendsTallies ? Tally.planeCount(ranks: shape.voters, masked: true) : 1
    let bytes =
      shape.coding == .none || shape.sendsTallies ? Self.chunkBytes : Self.codedChunkBytes
    let chunkBlocks = max(1, bytes / (8 * Tally.blockPlaneWords * planes))
    self.chunkBlocks = chunkBlocks
    bucketCount = shape.buckets.count
    var number = 0
    chunks = (0..<shape.ranks).map { rank in
      var chunks: [Chunk] = []
      var owned = 0
      func append(_ blocks: Range<Int>, of bucket: Int) {
        chunks.append(
          Chunk(
            range: BlockRange(blocks, planeWords: shape.planeWords), bucket: bucket,
            firstBlock: owned, number: number))
        owned += blocks.count
        number += 1
      }
      for (bucket, blocks) in shape.buckets.enumerated() {
        let shard = Self.part((rank + bucket) % shape.ranks, of: blocks, parts: shape.ranks)
        for first in stride(from: shard.lowerBound, to: shard.upperBound, by: chunkBlocks) {
          append(first..<min(first + chunkBlocks, shard.upperBound), of: bucket)
        }
      }
      if chunks.isEmpty { append(0..<0, of: shape.buckets.count - 1) }
      return chunks
    }
    let longest = chunks.joined().reduce(0) { max($0, $1.range.blocks.count) }
    roomWords = Self.messageWords(planeWords: longest * Tally.blockPlaneWords * planes)
  }

  private static func part(_ index: Int, of blocks: Range<Int>, parts: Int) -> Range<Int> {
    let first = blocks.lowerBound
    return first + index * blocks.count / parts..<first + (index + 1) * blocks.count / parts
  }

  /// The words of the longest message of any vote, of whatever d.
  static let longestMessageWords = messageWords(planeWords: codedChunkBytes / 8)

  /// The words of the longest message about so many words of planes: as many again of masks, bitmap,
  /// head and padding.
  private static func messageWords(planeWords: Int) -> Int { 2 * planeWords + 64 }

  /// The number of chunks of all shards.
  var chunkCount: Int { chunks.reduce(0) { $0 + $1.count } }

  /// The blocks that a rank owns.
  func blockCount(of rank: Int) -> Int {
    chunks[rank].last.map { $0.firstBlock + $0.range.blocks.count } ?? 0
  }

  /// The chunks of a rank that have blocks, and so a verdict.
  func verdictCount(of rank: Int) -> Int { blockCount(of: rank) == 0 ? 0 : chunks[rank].count }
}
