internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// The route `allreduce`: a reduction of bit-sliced counters by an operation of our own.
///
/// The message is the ballot as a tally, or the tally of several, in blocks of 64 words x W planes,
/// followed by one slot of eight words per rank for the control blocks. A slot is zero on every rank
/// but its own, so adding counters leaves it as it is.
///
/// It is reduced in chunks, a few in flight at a time: each is written when a place is free and
/// decided as soon as its sum is there, so that all of it happens in the cache.
///
/// Where each rank has one ballot and their number is a power of two, the highest plane stays at
/// home: the own ballot tells it. Memory besides the messages: the verdict, and one plane of the coins
/// where a coin decides ties.
final class AllReduceRoute: BallotRoute {
  /// The most chunks in flight.
  private static let places = 4

  private let shape: VoteShape
  /// Counters without and with the low plane, which only masks need.
  private let plain: CounterReduction
  private let withMasks: CounterReduction
  /// For each place the own chunk, then the sum of all.
  private var messages: MessageBuffer<UInt64>
  private let roomWords: Int

  // The vote under way.
  private var contribution: Contribution?
  private var control = ControlBlock()
  private var masked = false
  private var startedChunks = 0
  private var decidedChunks = 0
  /// The chunk at each place, and the place of each operation in flight.
  private var chunks = Array(repeating: 0, count: places)
  private var placeOfOperation = Array(repeating: 0, count: places)
  private var freePlaces: [Int] = []

  private var verdict: SignPlanes
  private var controls: [ControlBlock]
  private var coins = HeldCoins()
  private(set) var traffic = Traffic()

  init(_ shape: VoteShape) throws(MPIError) {
    self.shape = shape
    plain = try CounterReduction(shape, masked: false)
    withMasks = try CounterReduction(shape, masked: true)
    roomWords = max(plain.chunkWords, withMasks.chunkWords)
    messages = MessageBuffer(count: 2 * Self.places * roomWords, maximumRequests: Self.places)
    verdict = SignPlanes(count: shape.coordinateCount)
    controls = Array(repeating: ControlBlock(), count: shape.ranks)
    if shape.rule == .fair { coins.reserve(blockCount: shape.blockCount) }
  }

  private var layout: CounterReduction { masked ? withMasks : plain }

  func begin(
    _ contribution: Contribution, control: ControlBlock, masked: Bool,
    on communicator: borrowing Communicator
  ) throws(MPIError) {
    self.contribution = contribution
    self.control = control
    self.masked = masked
    coins.turn(to: control.step, seed: shape.seed)
    verdict.clearMask()
    startedChunks = 0
    decidedChunks = 0
    freePlaces.removeAll(keepingCapacity: true)
    for place in 0..<Self.places { freePlaces.append(place) }
    traffic = .allReduce(bytes: layout.messageWords * 8, ranks: shape.ranks)
    try startChunks(on: communicator)
  }

  func wait(_ patience: Patience, on communicator: borrowing Communicator) throws {
    var limit = WaitLimit(seconds: patience.limitSeconds)
    while decidedChunks < layout.chunkCount {
      _ = try messages.test()
      for index in 0..<messages.completionCount {
        let place = placeOfOperation[messages.completion(at: index).operation]
        decide(at: place)
        freePlaces.append(place)
      }
      let hasCome = messages.completionCount > 0
      if hasCome { try startChunks(on: communicator) }
      try limit.pause(hasCome: hasCome, patience.whileWaiting)
    }
    contribution = nil
  }

  func control(of rank: Int) -> ControlBlock { controls[rank] }

  func tally(masked: Bool, coins: TieCoins, into verdict: inout SignPlanes) {
    swap(&verdict, &self.verdict)
  }

  /// Writes chunks and starts their reductions, in turn, as far as there are places.
  private func startChunks(on communicator: borrowing Communicator) throws(MPIError) {
    while startedChunks < layout.chunkCount, let place = freePlaces.popLast() {
      let words = write(chunk: startedChunks, at: place)
      let sums = words.lowerBound + roomWords..<words.upperBound + roomWords
      let operation = try messages.startAllReduce(
        from: words, into: sums, reduction: layout.reduction, on: communicator)
      placeOfOperation[operation] = place
      chunks[place] = startedChunks
      startedChunks += 1
    }
  }

  /// Writes the own part of a chunk; the words that it takes.
  private func write(chunk: Int, at place: Int) -> Range<Int> {
    let layout = self.layout
    let first = 2 * place * roomWords
    let blocks = layout.blocks(of: chunk)
    let tallyWords = blocks.count * layout.blockWords
    let words = first..<first + tallyWords + (layout.isLast(chunk) ? layout.slotWords : 0)
    guard let contribution else { preconditionFailure("no vote was begun") }
    messages.withMutableSpan(in: words) { message in
      contribution.write(blocks, planes: layout.planes, masked: masked, into: &message)
      guard layout.isLast(chunk) else { return }
      for word in tallyWords..<message.count { message[word] = 0 }
      control.write(into: &message, at: tallyWords + shape.rank * ControlBlock.wordCount)
    }
    return words
  }

  /// Decides the chunk at a place by its sum.
  private func decide(at place: Int) {
    let layout = self.layout
    let chunk = chunks[place]
    let blocks = layout.blocks(of: chunk)
    let own = 2 * place * roomWords
    let sum = own + roomWords
    let tallyWords = blocks.count * layout.blockWords
    // An odd number of voters ties only where some abstain.
    if shape.rule == .fair, masked || shape.voters % 2 == 0 {
      coins.draw(blocks, at: blocks.lowerBound)
    }
    let coinPlaces = coins.coins(at: blocks)
    coins.words.withSpan { coins in
      messages.withSpan(in: sum..<sum + tallyWords) { sum in
        messages.withSpan(in: own..<own + tallyWords) { own in
          Tally.decide(
            blocks: blocks, ofSum: sum, own: own, planes: layout.planes, ranks: shape.voters,
            masked: masked, rule: shape.rule, coins: coins.extracting(coinPlaces), into: &verdict)
        }
      }
    }
    decidedChunks += 1
    guard layout.isLast(chunk) else { return }
    let slots = sum + tallyWords
    messages.withSpan(in: slots..<slots + layout.slotWords) { slots in
      for rank in controls.indices {
        controls[rank] = ControlBlock(from: slots.extracting((rank * ControlBlock.wordCount)...))
      }
    }
  }
}

/// The shape of a message of bit-sliced counters and the operation that adds two of them.
private final class CounterReduction {
  /// The bytes of a chunk, about: 4 ranks on 2 cores take 0.83 of the time that they take with half
  /// as many, 4 hosts at 1 Gbit/s 1.015.
  private static let chunkBytes = 1 << 19

  let planes: Int
  let blockWords: Int
  /// The words of the control blocks of all ranks, in whole blocks; they end the last chunk.
  let slotWords: Int
  let chunkCount: Int
  let reduction: UserReduction
  private let blockCount: Int
  private let chunkBlocks: Int

  /// The words of all chunks.
  var messageWords: Int { blockCount * blockWords + slotWords }
  /// The most words of a chunk.
  var chunkWords: Int { min(chunkBlocks, blockCount) * blockWords + slotWords }

  init(_ shape: VoteShape, masked: Bool) throws(MPIError) {
    planes =
      shape.sendsTallies
      ? shape.planeCount(masked: masked)
      : Tally.sharedPlaneCount(ranks: shape.voters, masked: masked)
    blockWords = Tally.blockPlaneWords * planes
    let slots = shape.ranks * ControlBlock.wordCount
    slotWords = (slots + blockWords - 1) / blockWords * blockWords
    blockCount = shape.blockCount
    chunkBlocks = max(Self.chunkBytes / (8 * blockWords), 1)
    chunkCount = max((blockCount + chunkBlocks - 1) / chunkBlocks, 1)
    reduction = try unsafe UserReduction(
      wordsPerBlock: blockWords, isCommutative: true, combine: Tally.addBlocks)
  }

  func isLast(_ chunk: Int) -> Bool { chunk == chunkCount - 1 }

  func blocks(of chunk: Int) -> Range<Int> {
    chunk * chunkBlocks..<min((chunk + 1) * chunkBlocks, blockCount)
  }
}
