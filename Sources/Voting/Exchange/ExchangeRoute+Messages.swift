internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// Where the messages of the route `exchange` lie in its buffer.
///
/// The ballots of one own chunk lie side by side, by rank, so that they are tallied where they
/// arrive; the own ballot is copied beside them.
///
/// Behind the rooms there is space for the longest message of any vote: Open MPI 4 reports one that is
/// longer than its room, as a rank sends that votes on more coordinates by mistake, but may write it
/// whole (seen with 240 kB into 8 bytes). It then spoils other messages of a vote that ends anyway.
struct ExchangeMemory {
  let ranks: Int
  let window: Int
  let roomWords: Int

  init(_ plan: ExchangePlan, ranks: Int) {
    self.ranks = ranks
    window = plan.window
    roomWords = plan.roomWords
  }

  var wordCount: Int {
    window * (3 * ranks + 1) * roomWords + ExchangePlan.longestMessageWords
  }

  func outgoingBallot(to owner: Int, place: Int) -> Range<Int> { room(place * ranks + owner) }

  /// The ballot of a rank in an own chunk; the own rank's too.
  func incomingBallot(from sender: Int, place: Int) -> Range<Int> {
    room((window + place) * ranks + sender)
  }

  /// The ballots of all ranks in an own chunk.
  func ballots(place: Int) -> Range<Int> {
    let first = incomingBallot(from: 0, place: place).lowerBound
    return first..<first + ranks * roomWords
  }

  func incomingVerdict(from owner: Int, place: Int) -> Range<Int> {
    room((2 * window + place) * ranks + owner)
  }

  func outgoingVerdict(place: Int) -> Range<Int> { room(3 * window * ranks + place) }

  private func room(_ index: Int) -> Range<Int> {
    index * roomWords..<(index + 1) * roomWords
  }
}

extension ExchangeRoute {
  /// What a message to an owner has before its content: the first one what the sender takes for the
  /// shape of the vote, the last one its control block.
  private struct BallotHead {
    let shapeWord: Int?
    let control: Int?
    let wordCount: Int

    init(chunk: Int, of count: Int) {
      shapeWord = chunk == 0 ? 1 : nil
      let end = chunk == 0 ? 2 : 1
      control = chunk + 1 == count ? end : nil
      wordCount = control == nil ? end : end + ControlBlock.wordCount
    }
  }

  /// Writes what this rank brings to a chunk of an owner; the words that it takes.
  func writeBallot(chunk index: Int, of owner: Int, into room: Range<Int>) -> Range<Int> {
    guard let contribution else { preconditionFailure("no vote was begun") }
    let chunk = plan.chunks[owner][index]
    let head = BallotHead(chunk: index, of: plan.chunks[owner].count)
    let control = controls[shape.rank]
    let isCoded = owner != shape.rank && !shape.sendsTallies
    let first = room.lowerBound
    let written = messages.withMutableSpan(in: first + head.wordCount..<room.upperBound) {
      if isCoded,
        let words = coding?.code(ballot: contribution.ballot, chunk, vote: vote, into: &$0)
      {
        return (content: ChunkContent.changes, wordCount: words)
      }
      return contribution.write(chunk.range, into: &$0)
    }
    messages.withMutableSpan(in: first..<first + head.wordCount) { message in
      message[0] = ChunkHead(written.content, chunk: index, vote: vote).word
      if let place = head.shapeWord { message[place] = shape.word }
      if let place = head.control { control.write(into: &message, at: place) }
    }
    return first..<first + head.wordCount + written.wordCount
  }

  /// Checks a ballot that came, decodes it, and keeps the control block in it.
  func checkBallot(chunk index: Int, from sender: Int, wordCount: Int) throws(VotingError) {
    let room = memory.incomingBallot(from: sender, place: index % plan.window)
    let head = BallotHead(chunk: index, of: ownChunks.count)
    let chunk = ownChunks[index]
    let content = try check(
      room, wordCount, head: head.wordCount, index, chunk.range, from: sender, "ballots")
    guard content.isTally == shape.sendsTallies, content != .trits else {
      throw wrong(sender, "ballots of another kind", index)
    }
    let first = room.lowerBound
    let (itsShape, control) = messages.withSpan(in: first..<first + head.wordCount) { message in
      (
        head.shapeWord.map { message[$0] },
        head.control.map { ControlBlock(from: message.extracting($0..<head.wordCount)) }
      )
    }
    if let itsShape, itsShape != shape.word {
      throw wrong(sender, "ballots of another vote", index)
    }
    if let control { controls[sender] = control }
    guard let coding, !content.isTally else { return }
    let start = first + head.wordCount
    let contentWords = wordCount - head.wordCount
    guard content == .changes else {
      messages.withSpan(in: start..<first + wordCount) {
        coding.keepBallots(chunk: index, from: sender, vote: vote, content, $0)
      }
      return
    }
    let decoded: ChunkContent
    do throws(ChunkProblem) {
      decoded = try messages.withMutableSpan(in: start..<room.upperBound) {
        room throws(ChunkProblem) in
        try coding.decodeBallots(
          chunk: index, from: sender, vote: vote, in: &room, wordCount: contentWords)
      }
    } catch {
      throw wrong(sender, "ballots of \(error.text)", index)
    }
    messages.withMutableSpan(in: first..<first + 1) {
      $0[0] = ChunkHead(decoded, chunk: index, vote: vote).word
    }
  }

  /// Tallies an own chunk, and writes the verdict; the words that it takes.
  func tally(chunk index: Int) -> Range<Int> {
    let place = index % plan.window
    let chunk = ownChunks[index]
    _ = writeBallot(
      chunk: index, of: shape.rank, into: memory.incomingBallot(from: shape.rank, place: place))
    let head = BallotHead(chunk: index, of: ownChunks.count).wordCount
    messages.withSpan(in: memory.ballots(place: place)) { ballots in
      ballotTally.decide(
        chunk.range, in: ballots, stride: plan.roomWords, headWords: head,
        coinsAt: chunk.firstBlock, into: &verdict)
    }
    let room = memory.outgoingVerdict(place: place)
    let first = room.lowerBound
    let written = messages.withMutableSpan(in: first + 1..<room.upperBound) {
      if let words = coding?.code(verdict: verdict, chunk, vote: vote, into: &$0) {
        return (content: ChunkContent.changes, wordCount: words)
      }
      return verdict.writeShortest(chunk.range, into: &$0)
    }
    messages.withMutableSpan(in: first..<first + 1) {
      $0[0] = ChunkHead(written.content, chunk: index, vote: vote).word
    }
    return first..<first + 1 + written.wordCount
  }

  /// Reads a chunk of the verdict that came.
  func readVerdict(chunk index: Int, of owner: Int, wordCount: Int) throws(VotingError) {
    let room = memory.incomingVerdict(from: owner, place: index % plan.window)
    let chunk = plan.chunks[owner][index]
    let content = try check(room, wordCount, head: 1, index, chunk.range, from: owner, "verdict")
    guard !content.isTally else { throw wrong(owner, "a verdict of another kind", index) }
    do throws(ChunkProblem) {
      try messages.withSpan(in: room.lowerBound + 1..<room.lowerBound + wordCount) {
        message throws(ChunkProblem) in
        if content == .changes {
          try coding?.decode(message, chunk, vote: vote, into: &verdict)
        } else {
          verdict.read(chunk.range, content, from: message)
          coding?.keep(verdict: verdict, chunk, vote: vote)
        }
      }
    } catch {
      throw wrong(owner, "a verdict of \(error.text)", index)
    }
  }

  /// Checks head and length of a message; what it carries.
  private func check(
    _ room: Range<Int>, _ wordCount: Int, head: Int, _ chunk: Int, _ range: BlockRange,
    from sender: Int, _ kind: String
  ) throws(VotingError) -> ChunkContent {
    do throws(ChunkProblem) {
      return try messages.withSpan(in: room.lowerBound..<room.lowerBound + max(0, wordCount)) {
        message throws(ChunkProblem) in
        try range.check(message, headWords: head, expected: (chunk, vote), shape)
      }
    } catch {
      throw wrong(sender, "\(kind) of \(error.text)", chunk)
    }
  }

  /// The error for a message longer than the largest there is.
  func tooLong(_ purpose: Purpose) -> VotingError {
    switch purpose {
    case .receiveBallot(let rank, let chunk), .sendBallot(let rank, let chunk):
      return wrong(rank, "ballots of more than \(8 * plan.roomWords) bytes", chunk)
    case .receiveVerdict(let rank, let chunk):
      return wrong(rank, "a verdict of more than \(8 * plan.roomWords) bytes", chunk)
    case .sendVerdict(let chunk):
      return wrong(shape.rank, "a verdict that could not be sent", chunk)
    }
  }

  private func wrong(_ rank: Int, _ found: String, _ chunk: Int) -> VotingError {
    .wrongMessage(
      rank: rank, step: step,
      problem: "\(found), where chunk \(chunk) of vote \(vote) of \(shape.coordinateCount) "
        + "coordinates was expected")
  }
}
