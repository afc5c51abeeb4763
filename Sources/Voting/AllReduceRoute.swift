internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// The route `allreduce`: a reduction of bit-sliced counters by an operation of our own.
///
/// The message is the ballot as a tally, or the tally of several, in blocks of 64 words x W planes,
/// followed by one slot of eight words per rank for the control blocks. A slot is zero on every rank
/// but its own, so adding counters leaves it as it is.
///
/// Where each rank has one ballot and their number is a power of two, the highest plane stays at
/// home: the own ballot tells it. Memory besides the messages: one plane of the coins, where a coin
/// decides ties.
final class AllReduceRoute: BallotRoute {
  private let shape: VoteShape
  /// Counters without and with the low plane, which only masks need.
  private let plain: CounterReduction
  private let withMasks: CounterReduction
  /// The own message, then the sum of all.
  private var messages: MessageBuffer<UInt64>
  private var masked = false
  private var coins = HeldCoins()
  private(set) var traffic = Traffic()

  init(_ shape: VoteShape) throws(MPIError) {
    self.shape = shape
    plain = try CounterReduction(shape, masked: false)
    withMasks = try CounterReduction(shape, masked: true)
    // The slots fill whole blocks, so the message with fewer planes can be the longer one.
    messages = MessageBuffer(
      count: 2 * max(plain.messageWords, withMasks.messageWords),
      maximumRequests: CounterReduction.maximumChunks)
    if shape.rule == .fair { coins.reserve(blockCount: shape.blockCount) }
  }

  func begin(
    _ contribution: Contribution, control: ControlBlock, masked: Bool,
    on communicator: borrowing Communicator
  ) throws(MPIError) {
    self.masked = masked
    coins.turn(to: control.step, seed: shape.seed)
    let layout = masked ? withMasks : plain
    messages.withMutableSpan(in: 0..<layout.messageWords) { message in
      for index in layout.tallyWords..<layout.messageWords { message[index] = 0 }
      control.write(into: &message, at: layout.slot(of: shape.rank))
      contribution.write(planes: layout.planes, masked: masked, into: &message)
    }
    for first in stride(from: 0, to: layout.blockCount, by: layout.chunkBlocks) {
      let end = min(first + layout.chunkBlocks, layout.blockCount)
      let words = first * layout.blockWords..<end * layout.blockWords
      let sums = words.lowerBound + layout.messageWords..<words.upperBound + layout.messageWords
      try messages.startAllReduce(
        from: words, into: sums, reduction: layout.reduction, on: communicator)
    }
    traffic = .allReduce(bytes: layout.messageWords * 8, ranks: shape.ranks)
  }

  func wait(_ patience: Patience, on communicator: borrowing Communicator) throws {
    try messages.wait(limitSeconds: patience.limitSeconds, onIdle: patience.whileWaiting)
  }

  func control(of rank: Int) -> ControlBlock {
    let layout = masked ? withMasks : plain
    let first = layout.messageWords + layout.slot(of: rank)
    return messages.withSpan(in: first..<first + ControlBlock.wordCount) { ControlBlock(from: $0) }
  }

  func tally(masked: Bool, coins: TieCoins, into verdict: inout SignPlanes) {
    let layout = masked ? withMasks : plain
    // An odd number of voters ties only where some abstain.
    if shape.rule == .fair, masked || shape.voters % 2 == 0 {
      self.coins.draw(0..<shape.blockCount, at: 0)
    }
    let sums = layout.messageWords..<layout.messageWords + layout.tallyWords
    self.coins.words.withSpan { coins in
      messages.withSpan(in: sums) { sums in
        messages.withSpan(in: 0..<layout.tallyWords) { own in
          Tally.verdict(
            ofSum: sums, own: own, planes: layout.planes, ranks: shape.voters, masked: masked,
            rule: shape.rule, coins: coins, into: &verdict)
        }
      }
    }
  }
}

/// The shape of a message of bit-sliced counters and the operation that adds two of them.
private final class CounterReduction {
  /// Blocks are reduced in chunks of about this many bytes, all in flight at once.
  private static let chunkBytes = 1 << 20
  /// At most so many chunks: beyond it they grow.
  static let maximumChunks = 32

  let planes: Int
  let blockWords: Int
  let tallyWords: Int
  let messageWords: Int
  let reduction: UserReduction

  var blockCount: Int { messageWords / blockWords }
  /// The blocks of a chunk.
  var chunkBlocks: Int {
    max(
      Self.chunkBytes / (8 * blockWords),
      (blockCount + Self.maximumChunks - 1) / Self.maximumChunks, 1)
  }

  init(_ shape: VoteShape, masked: Bool) throws(MPIError) {
    planes =
      shape.sendsTallies
      ? shape.planeCount(masked: masked)
      : Tally.sharedPlaneCount(ranks: shape.voters, masked: masked)
    blockWords = Tally.blockPlaneWords * planes
    tallyWords = shape.blockCount * blockWords
    let slots = shape.ranks * ControlBlock.wordCount
    messageWords = tallyWords + (slots + blockWords - 1) / blockWords * blockWords
    reduction = try unsafe UserReduction(
      wordsPerBlock: blockWords, isCommutative: true, combine: Tally.addBlocks)
  }

  func slot(of rank: Int) -> Int { tallyWords + rank * ControlBlock.wordCount }
}
