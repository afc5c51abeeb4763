internal import MPIKit
internal import SignBits

/// Who owns which shard in the route `hierarchical`, who tallies it on each node, and in which
/// chunks messages travel.
///
/// The ranks in the order (node, place on the node) own the shards in turn: rank number s in that
/// order the blocks ⌊sB/N⌋..<⌊(s+1)B/N⌋ of the B blocks of 64 words. On a node of n ranks the
/// ballots of shard s are tallied by its rank s mod n, or by the owner where that is one of them.
/// Nodes may have different numbers of ranks.
struct NodePlan {
  /// Messages carry about this many bytes of each plane, but a shard goes in `maximumChunks` at
  /// most: enough to keep both directions busy, few enough to be all in flight.
  private static let chunkBytes = 48 << 10
  private static let maximumChunks = 8

  /// The ranks of each node.
  let nodes: [[Int]]
  /// The number of this rank's node, and its place there.
  let node: Int
  let place: Int
  /// The shard of this rank, and its blocks.
  let ownShard: Int
  let ownBlocks: Range<Int>
  let blockCount: Int
  let planeWords: Int
  /// The owner of each shard, and the node that it belongs to.
  private let owners: [Int]
  private let nodeOfShard: [Int]
  /// The blocks of a chunk.
  let chunkBlocks: Int

  init(_ shape: VoteShape, nodes: [[Int]]) {
    self.nodes = nodes
    owners = nodes.flatMap { $0 }
    nodeOfShard = nodes.indices.flatMap { node in nodes[node].map { _ in node } }
    guard let shard = owners.firstIndex(of: shape.rank) else {
      preconditionFailure("rank \(shape.rank) belongs to no node")
    }
    ownShard = shard
    node = nodeOfShard[shard]
    place = nodes[node].firstIndex(of: shape.rank) ?? 0
    blockCount = Tally.blockCount(coordinates: shape.coordinateCount)
    planeWords = shape.planeWords
    ownBlocks = shard * blockCount / owners.count..<(shard + 1) * blockCount / owners.count
    let largestShard = (blockCount + owners.count - 1) / owners.count
    chunkBlocks = max(
      Self.chunkBytes / (8 * Tally.blockPlaneWords),
      (largestShard + Self.maximumChunks - 1) / Self.maximumChunks)
  }

  /// The ranks of this rank's node.
  var neighbours: [Int] { nodes[node] }
  /// The nodes other than this rank's.
  var otherNodes: [Int] { nodes.indices.filter { $0 != node } }

  /// The shards whose ballots a rank of this node tallies, the nearest ones behind its own first,
  /// so that no rank is everybody's first.
  func shards(ofPlace place: Int) -> [Int] {
    let own = ownShard - self.place + place
    return owners.indices.map { (own + $0) % owners.count }.filter {
      $0 == own || nodeOfShard[$0] != node && $0 % neighbours.count == place
    }
  }

  func owner(of shard: Int) -> Int { owners[shard] }

  /// The rank that tallies a shard of another node.
  func handler(of shard: Int, on node: Int) -> Int { nodes[node][shard % nodes[node].count] }

  /// The blocks of a shard.
  func blocks(of shard: Int) -> Range<Int> {
    shard * blockCount / owners.count..<(shard + 1) * blockCount / owners.count
  }

  /// The messages in which a shard travels: one at least, since it carries control blocks.
  func chunkCount(of shard: Int) -> Int {
    max(1, (blocks(of: shard).count + chunkBlocks - 1) / chunkBlocks)
  }

  /// The blocks of a chunk of a shard.
  func range(ofChunk chunk: Int, of shard: Int) -> BlockRange {
    let blocks = blocks(of: shard)
    let first = min(blocks.lowerBound + chunk * chunkBlocks, blocks.upperBound)
    return BlockRange(
      first..<min(first + chunkBlocks, blocks.upperBound), planeWords: planeWords)
  }

  /// The number of ballots that a tally of a node has room for.
  func tallyRanks(of node: Int, _ shape: VoteShape) -> Int {
    shape.sendsTallies ? shape.voters : nodes[node].count
  }
}
