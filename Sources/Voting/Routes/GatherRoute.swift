internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// The route `gather`: every rank receives all ballots and tallies them itself.
///
/// One message to each partner: a head, what the sender takes for the shape of the vote, its control
/// block, and the ballot as in the route `exchange`, or the tally of several. (N−1)(80 + d/8) bytes
/// each way where nobody abstains, less where ballots are coded.
final class GatherRoute: BallotRoute {
  private static let tag = 1
  private static let headWords = 2 + ControlBlock.wordCount

  private let shape: VoteShape
  private let range: BlockRange
  private let ballotTally: BallotTally
  /// The messages by rank, in full, and behind them the own one as it is sent if that is coded.
  private var messages: MessageBuffer<UInt64>
  private let roomWords: Int
  /// Which rank's message each operation receives; nil for one that sends.
  private var sources: [Int?]
  private let coder: DeltaCoder?
  var references: ReferencePlanes
  private var arrival: SignPlanes
  private var controls: [ControlBlock]
  private var vote: UInt32 = 0
  private(set) var traffic = Traffic()

  init(_ shape: VoteShape) {
    self.shape = shape
    let blocks = Tally.blockCount(coordinates: shape.coordinateCount)
    range = BlockRange(0..<blocks, planeWords: shape.planeWords)
    ballotTally = BallotTally(shape, blockCount: blocks)
    roomWords =
      Self.headWords
      + (shape.sendsTallies
        ? shape.tallyWords(masked: true) : 2 * range.paddedWords + range.bitmapWords)
    let isCoded = shape.coding == .delta && !shape.sendsTallies
    coder = isCoded ? DeltaCoder(chunkWords: shape.planeWords) : nil
    references = ReferencePlanes(
      wordCount: isCoded ? shape.ranks * shape.planeWords : 0, chunkCount: shape.ranks)
    arrival = SignPlanes(count: isCoded ? shape.coordinateCount : 0)
    messages = MessageBuffer(
      count: (shape.ranks + (isCoded ? 1 : 0)) * roomWords, maximumRequests: 2 * (shape.ranks - 1))
    sources = Array(repeating: nil, count: 2 * (shape.ranks - 1))
    controls = Array(repeating: ControlBlock(), count: shape.ranks)
  }

  let saysWhatItCarries = true

  func begin(
    _ contribution: Contribution, control: ControlBlock, masked: Bool,
    on communicator: borrowing Communicator
  ) throws(MPIError) {
    vote &+= 1
    traffic = Traffic()
    controls[shape.rank] = control
    ballotTally.turn(to: control.step)
    for operation in sources.indices { sources[operation] = nil }
    for offset in 1..<shape.ranks {
      let source = (shape.rank + shape.ranks - offset) % shape.ranks
      let operation = try messages.startReceive(
        into: room(of: source), from: source, tag: Self.tag, on: communicator)
      sources[operation] = source
    }
    let message = write(contribution, control)
    try messages.startSend(message, toAllOthersWithTag: Self.tag, on: communicator)
    traffic.bytesSent = 8 * message.count * (shape.ranks - 1)
    traffic.ballotBytesSent = traffic.bytesSent
  }

  private func room(of rank: Int) -> Range<Int> { rank * roomWords..<(rank + 1) * roomWords }

  private func place(of rank: Int) -> ReferencePlanes.Place {
    ReferencePlanes.Place(
      chunk: rank, words: rank * shape.planeWords..<(rank + 1) * shape.planeWords)
  }

  /// Writes the own message; the words to be sent.
  private func write(_ contribution: Contribution, _ control: ControlBlock) -> Range<Int> {
    let full = room(of: shape.rank)
    let written = messages.withMutableSpan(in: full.lowerBound + Self.headWords..<full.upperBound) {
      contribution.write(range, into: &$0)
    }
    writeHead(of: written.content, control, at: full.lowerBound)
    let coded = room(of: shape.ranks)
    let words = coder.flatMap { coder in
      messages.withMutableSpan(in: coded.lowerBound + Self.headWords..<coded.upperBound) {
        coder.code(
          contribution.ballot, range, reference: &references, at: place(of: shape.rank),
          vote: vote, allowsTrits: false, into: &$0)
      }
    }
    guard let words else {
      return full.lowerBound..<full.lowerBound + Self.headWords + written.wordCount
    }
    writeHead(of: .changes, control, at: coded.lowerBound)
    return coded.lowerBound..<coded.lowerBound + Self.headWords + words
  }

  private func writeHead(of content: ChunkContent, _ control: ControlBlock, at first: Int) {
    messages.withMutableSpan(in: first..<first + Self.headWords) { head in
      head[0] = ChunkHead(content, chunk: 0, vote: vote).word
      head[1] = shape.word
      control.write(into: &head, at: 2)
    }
  }

  func wait(_ patience: Patience, on communicator: borrowing Communicator) throws {
    var limit = WaitLimit(seconds: patience.limitSeconds)
    while try !takeWhatCame() {
      try limit.pause(hasCome: messages.completionCount > 0, patience.whileWaiting)
    }
  }

  /// Lets MPI work and takes what is complete; whether nothing is awaited any more.
  private func takeWhatCame() throws -> Bool {
    do throws(MPIError) {
      _ = try messages.test()
    } catch {
      guard error.errorClass == .truncate, let operation = messages.failedOperation,
        let source = sources[operation]
      else { throw error }
      throw wrong(source, ChunkProblem("more than \(8 * roomWords) bytes"))
    }
    for index in 0..<messages.completionCount {
      let (operation, count) = messages.completion(at: index)
      guard let source = sources[operation] else { continue }
      traffic.bytesReceived += 8 * count
      do throws(ChunkProblem) {
        try take(from: source, wordCount: max(0, count))
      } catch {
        throw wrong(source, error)
      }
    }
    return messages.isIdle
  }

  /// Checks a message that came and decodes it where it lies.
  private func take(from source: Int, wordCount: Int) throws(ChunkProblem) {
    let first = room(of: source).lowerBound
    let content = try messages.withSpan(in: first..<first + wordCount) {
      message throws(ChunkProblem) in
      let content = try range.check(
        message, headWords: Self.headWords, expected: (0, vote), shape)
      guard message[1] == shape.word, content.isTally == shape.sendsTallies, content != .trits
      else { throw ChunkProblem("another vote") }
      controls[source] = ControlBlock(from: message.extracting(2..<Self.headWords))
      return content
    }
    guard let coder else { return }
    let words = first + Self.headWords..<first + wordCount
    if content == .changes {
      try messages.withSpan(in: words) { code throws(ChunkProblem) in
        try coder.decode(code, reference: &references, at: place(of: source), vote: vote)
      }
      let decoded = messages.withMutableSpan(in: words.lowerBound..<room(of: source).upperBound) {
        references.write(place(of: source), range, into: &$0)
      }
      messages.withMutableSpan(in: first..<first + 1) {
        $0[0] = ChunkHead(decoded.content, chunk: 0, vote: vote).word
      }
    } else {
      arrival.clearMask()
      messages.withSpan(in: words) { arrival.read(range, content, from: $0) }
      coder.take(arrival, from: 0, reference: &references, at: place(of: source), vote: vote)
    }
  }

  private func wrong(_ rank: Int, _ problem: ChunkProblem) -> VotingError {
    .wrongMessage(
      rank: rank, step: controls[shape.rank].step,
      problem: "ballots of \(problem.text), where vote \(vote) of \(shape.coordinateCount) "
        + "coordinates was expected")
  }

  func control(of rank: Int) -> ControlBlock { controls[rank] }

  func tally(masked: Bool, coins: TieCoins, into verdict: inout SignPlanes) {
    verdict.clearMask()
    messages.withSpan(in: 0..<shape.ranks * roomWords) {
      ballotTally.decide(
        range, in: $0, stride: roomWords, headWords: Self.headWords, coinsAt: 0, into: &verdict)
    }
  }
}
