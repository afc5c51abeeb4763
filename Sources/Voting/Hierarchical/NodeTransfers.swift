internal import SignBits

/// The messages between nodes of one vote of the route `hierarchical`, as one rank has them, and
/// where each lies in its buffer.
struct NodeTransfers {
  /// Sends that are in flight at once: more overrun the buffers of a switch.
  static let sendsInFlight = 16

  enum Kind {
    case tallyIn
    case tallyOut
    case verdictIn
    case verdictOut
  }

  struct Transfer {
    let kind: Kind
    let peer: Int
    /// The node of the peer, or the one whose tally it is.
    let node: Int
    let shard: Int
    let chunk: Int
    /// The words that the longest message takes.
    let room: Range<Int>
  }

  private(set) var all: [Transfer] = []
  /// Numbers of transfers, in the order in which they start.
  private(set) var talliesIn: [Int] = []
  private(set) var talliesOut: [Int] = []
  private(set) var verdictsIn: [Int] = []
  private var verdictsOut: [Range<Int>] = []
  /// Room for the tally of a block of the own node, before the tallies of each chunk that come.
  private(set) var ownTally: [Range<Int>] = []
  private(set) var wordCount = 0

  var requestCount: Int { all.count }

  /// The tallies of a chunk of the own shard that come, which follow on its `ownTally`.
  func talliesIn(ofChunk chunk: Int) -> Range<Int> {
    let count = talliesIn.count / ownTally.count
    return talliesIn[chunk * count]..<talliesIn[chunk * count] + count
  }

  /// The verdicts of a chunk of the own shard that go out: to each other node, from one room.
  ///
  /// None on one node.
  func verdictsOut(ofChunk chunk: Int) -> Range<Int> {
    verdictsOut.isEmpty ? 0..<0 : verdictsOut[chunk]
  }

  /// - Parameter shards: The shards that this rank tallies; the first is its own.
  init(_ shape: VoteShape, _ plan: NodePlan, shards: [Int]) {
    let own = plan.ownShard
    let others = plan.otherNodes
    guard !others.isEmpty else { return }
    for chunk in 0..<plan.chunkCount(of: own) {
      let blocks = plan.range(ofChunk: chunk, of: own).blocks.count
      ownTally.append(take(Self.tallyWords(of: plan.node, blocks: 1, shape, plan)))
      for node in others {
        talliesIn.append(all.count)
        add(
          .tallyIn, peer: plan.handler(of: own, on: node), node, own, chunk,
          take(
            Self.headWords(chunk, of: node, plan)
              + Self.tallyWords(of: node, blocks: blocks, shape, plan)))
      }
    }
    for chunk in 0..<plan.chunkCount(of: own) {
      let first = all.count
      let room = take(Self.verdictWords(plan.range(ofChunk: chunk, of: own)))
      for node in others {
        add(.verdictOut, peer: plan.handler(of: own, on: node), node, own, chunk, room)
      }
      verdictsOut.append(first..<all.count)
    }
    let mostChunks = shards.map(plan.chunkCount(of:)).max() ?? 0
    for chunk in 0..<mostChunks {
      for shard in shards.dropFirst() where chunk < plan.chunkCount(of: shard) {
        let range = plan.range(ofChunk: chunk, of: shard)
        talliesOut.append(all.count)
        add(
          .tallyOut, peer: plan.owner(of: shard), plan.node, shard, chunk,
          take(
            Self.headWords(chunk, of: plan.node, plan)
              + Self.tallyWords(of: plan.node, blocks: range.blocks.count, shape, plan)))
        verdictsIn.append(all.count)
        add(
          .verdictIn, peer: plan.owner(of: shard), plan.node, shard, chunk,
          take(Self.verdictWords(range)))
      }
    }
  }

  private mutating func add(
    _ kind: Kind, peer: Int, _ node: Int, _ shard: Int, _ chunk: Int, _ room: Range<Int>
  ) {
    all.append(
      Transfer(kind: kind, peer: peer, node: node, shard: shard, chunk: chunk, room: room))
  }

  private mutating func take(_ words: Int) -> Range<Int> {
    wordCount += words
    return wordCount - words..<wordCount
  }

  /// The words before the content of a tally: with the first chunk go the control blocks of the
  /// node's ranks, and what they take for the shape of the vote.
  static func headWords(_ chunk: Int, of node: Int, _ plan: NodePlan) -> Int {
    chunk == 0 ? 2 + plan.nodes[node].count * ControlBlock.wordCount : 1
  }

  /// The words of the tally of a node with its lowest plane.
  static func tallyWords(
    of node: Int, blocks: Int, masked: Bool = true, _ shape: VoteShape, _ plan: NodePlan
  ) -> Int {
    blocks * Tally.blockPlaneWords
      * Tally.planeCount(ranks: plan.tallyRanks(of: node, shape), masked: masked)
  }

  private static func verdictWords(_ range: BlockRange) -> Int {
    1 + 2 * range.blocks.count * Tally.blockPlaneWords + range.bitmapWords
  }
}
