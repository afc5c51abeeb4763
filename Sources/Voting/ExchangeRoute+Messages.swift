internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// Where the messages of the route `exchange` lie in its buffer.
///
/// The ballots of one own chunk lie side by side, by rank, so that they are tallied where they
/// arrive; the own ballot is copied beside them.
struct ExchangeMemory {
  let ranks: Int
  let window: Int

  var wordCount: Int { window * (3 * ranks + 1) * ExchangePlan.roomWords }

  func outgoingBallot(to owner: Int, place: Int) -> Range<Int> { room(place * ranks + owner) }

  /// The ballot of a rank in an own chunk; the own rank's too.
  func incomingBallot(from sender: Int, place: Int) -> Range<Int> {
    room((window + place) * ranks + sender)
  }

  /// The ballots of all ranks in an own chunk.
  func ballots(place: Int) -> Range<Int> {
    let first = incomingBallot(from: 0, place: place).lowerBound
    return first..<first + ranks * ExchangePlan.roomWords
  }

  func incomingVerdict(from owner: Int, place: Int) -> Range<Int> {
    room((2 * window + place) * ranks + owner)
  }

  func outgoingVerdict(place: Int) -> Range<Int> { room(3 * window * ranks + place) }

  private func room(_ index: Int) -> Range<Int> {
    index * ExchangePlan.roomWords..<(index + 1) * ExchangePlan.roomWords
  }
}

extension ExchangeRoute {
  private func range(ofChunk chunk: Int, of rank: Int) -> BlockRange {
    BlockRange(plan.blocks(ofChunk: chunk, of: rank), planeWords: plan.planeWords)
  }

  /// The words of a message before its content: the first one to a partner has a control block
  /// and what the sender takes for the shape of the vote.
  private func headWords(ofBallot chunk: Int) -> Int {
    chunk == 0 ? 2 + ControlBlock.wordCount : 1
  }

  /// Writes what this rank brings to a chunk of an owner; the words that it takes.
  func writeBallot(chunk: Int, of owner: Int, into room: Range<Int>) -> Range<Int> {
    guard let contribution else { preconditionFailure("no vote was begun") }
    let range = range(ofChunk: chunk, of: owner)
    let head = headWords(ofBallot: chunk)
    let control = controls[shape.rank]
    let first = room.lowerBound
    let written = messages.withMutableSpan(in: first + head..<room.upperBound) {
      contribution.write(range, into: &$0)
    }
    messages.withMutableSpan(in: first..<first + head) { message in
      message[0] = ChunkHead(written.content, chunk: chunk, vote: vote).word
      if chunk == 0 {
        control.write(into: &message, at: 1)
        message[1 + ControlBlock.wordCount] = shape.word
      }
    }
    return first..<first + head + written.wordCount
  }

  /// Checks a ballot that came, and keeps the control block in it.
  func checkBallot(chunk: Int, from sender: Int, wordCount: Int) throws(VotingError) {
    let room = memory.incomingBallot(from: sender, place: chunk % plan.window)
    let head = headWords(ofBallot: chunk)
    let range = range(ofChunk: chunk, of: shape.rank)
    let content = try check(
      room, wordCount, head: head, chunk: chunk, range, from: sender, "ballots")
    guard (content == .tally || content == .maskedTally) == shape.sendsTallies,
      content != .trits
    else {
      throw wrong(sender, "ballots of another kind", chunk)
    }
    guard chunk == 0 else { return }
    let itsShape = messages.withSpan(in: room.lowerBound + 1..<room.lowerBound + head) { message in
      controls[sender] = ControlBlock(from: message)
      return message[ControlBlock.wordCount]
    }
    guard itsShape == shape.word else { throw wrong(sender, "ballots of another vote", chunk) }
  }

  /// Tallies an own chunk, and writes the verdict; the words that it takes.
  func tally(chunk: Int) -> Range<Int> {
    let place = chunk % plan.window
    let range = range(ofChunk: chunk, of: shape.rank)
    _ = writeBallot(
      chunk: chunk, of: shape.rank, into: memory.incomingBallot(from: shape.rank, place: place))
    let head = headWords(ofBallot: chunk)
    if canTie(place: place) { coins.draw(range.blocks) }
    messages.withSpan(in: memory.ballots(place: place)) { ballots in
      if shape.sendsTallies {
        tally(range, of: ballots, head: head)
      } else {
        count(range, in: ballots, head: head)
      }
    }
    let room = memory.outgoingVerdict(place: place)
    let first = room.lowerBound
    let written = messages.withMutableSpan(in: first + 1..<room.upperBound) {
      verdict.writeShortest(range, into: &$0)
    }
    messages.withMutableSpan(in: first..<first + 1) {
      $0[0] = ChunkHead(written.content, chunk: chunk, vote: vote).word
    }
    return first..<first + 1 + written.wordCount
  }

  /// Whether any coordinate of an own chunk can have a tie that a coin decides: an odd number of
  /// voters ties only where some abstain.
  private func canTie(place: Int) -> Bool {
    guard shape.rule == .fair else { return false }
    return shape.voters % 2 == 0
      || (0..<shape.ranks).contains { rank in
        let first = memory.incomingBallot(from: rank, place: place).lowerBound
        let head = messages.withSpan(in: first..<first + 1) { ChunkHead(word: $0[0]) }
        return head.content == ChunkContent.signsAndMasks.rawValue
          || head.content == ChunkContent.maskedTally.rawValue
      }
  }

  /// Decides blocks from the ballots of all ranks.
  private func count(_ range: BlockRange, in ballots: Span<UInt64>, head: Int) {
    let bitmap = head + range.paddedWords
    // Where the next mask plane of each rank starts.
    for rank in 0..<shape.ranks {
      hasLowPlane[rank] =
        ChunkHead(word: ballots[rank * ExchangePlan.roomWords]).content
        == ChunkContent.signsAndMasks.rawValue
      nextMask[rank] = rank * ExchangePlan.roomWords + bitmap + range.bitmapWords
    }
    for (index, block) in range.blocks.enumerated() {
      for rank in 0..<shape.ranks {
        let first = rank * ExchangePlan.roomWords
        signs[rank] = first + head + index * Tally.blockPlaneWords
        masks[rank] = -1
        guard hasLowPlane[rank],
          ballots[first + bitmap + index / 64] >> UInt64(index % 64) & 1 == 1
        else { continue }
        masks[rank] = nextMask[rank]
        nextMask[rank] += range.paddedWords(at: index)
      }
      Tally.decide(
        block: block, ballotsWithSigns: signs.span, masks: masks.span, in: ballots,
        rule: shape.rule, coins: coins.words.span.extracting(coins.place(of: block)),
        into: &verdict)
    }
  }

  /// Decides blocks from the tallies of all ranks.
  private func tally(_ range: BlockRange, of tallies: Span<UInt64>, head: Int) {
    for (index, block) in range.blocks.enumerated() {
      for rank in 0..<shape.ranks {
        let first = rank * ExchangePlan.roomWords
        hasLowPlane[rank] =
          ChunkHead(word: tallies[first]).content == ChunkContent.maskedTally.rawValue
        signs[rank] =
          first + head + index * blockWords(ofTally: hasLowPlane[rank] ? .maskedTally : .tally)
      }
      Tally.decide(
        block: block, tallies: signs.span, masked: hasLowPlane.span, in: tallies,
        ranks: shape.voters, rule: shape.rule,
        coins: coins.words.span.extracting(coins.place(of: block)), into: &verdict)
    }
  }

  private func blockWords(ofTally content: ChunkContent) -> Int {
    Tally.blockPlaneWords
      * Tally.planeCount(ranks: shape.voters, masked: content == .maskedTally)
  }

  /// Reads a chunk of the verdict that came.
  func readVerdict(chunk: Int, of owner: Int, wordCount: Int) throws(VotingError) {
    let room = memory.incomingVerdict(from: owner, place: chunk % plan.window)
    let range = range(ofChunk: chunk, of: owner)
    let content = try check(room, wordCount, head: 1, chunk: chunk, range, from: owner, "verdict")
    guard content != .tally && content != .maskedTally else {
      throw wrong(owner, "a verdict of another kind", chunk)
    }
    messages.withSpan(in: room.lowerBound + 1..<room.lowerBound + wordCount) {
      verdict.read(range, content, from: $0)
    }
  }

  /// Checks head and length of a message; what it carries.
  private func check(
    _ room: Range<Int>, _ wordCount: Int, head: Int, chunk: Int, _ range: BlockRange,
    from sender: Int, _ kind: String
  ) throws(VotingError) -> ChunkContent {
    guard wordCount >= head else {
      throw wrong(sender, "\(kind) of \(8 * max(0, wordCount)) bytes, too short for a head", chunk)
    }
    return try messages.withSpan(in: room.lowerBound..<room.lowerBound + wordCount) {
      message throws(VotingError) in
      let found = ChunkHead(word: message[0])
      guard found.chunk == chunk, found.vote == vote else {
        throw wrong(sender, "\(kind) of chunk \(found.chunk) in vote \(found.vote)", chunk)
      }
      guard let content = ChunkContent(rawValue: found.content) else {
        throw wrong(sender, "\(kind) of unknown kind \(found.content)", chunk)
      }
      let isTally = content == .tally || content == .maskedTally
      let words =
        isTally
        ? range.blocks.count * blockWords(ofTally: content)
        : range.wordCount(of: content, in: message.extracting(head...))
      guard let words, head + words == message.count else {
        throw wrong(sender, "\(kind) of \(8 * message.count) bytes", chunk)
      }
      return content
    }
  }

  /// The error for a message longer than the largest there is.
  func tooLong(_ purpose: Purpose) -> VotingError {
    switch purpose {
    case .receiveBallot(let rank, let chunk), .sendBallot(let rank, let chunk):
      return wrong(rank, "ballots of more than \(8 * ExchangePlan.roomWords) bytes", chunk)
    case .receiveVerdict(let rank, let chunk):
      return wrong(rank, "a verdict of more than \(8 * ExchangePlan.roomWords) bytes", chunk)
    case .sendVerdict(let chunk):
      return wrong(shape.rank, "a verdict that could not be sent", chunk)
    }
  }

  private func wrong(_ rank: Int, _ found: String, _ chunk: Int) -> VotingError {
    .wrongMessage(
      rank: rank, step: controls[shape.rank].step,
      problem: "\(found), where chunk \(chunk) of vote \(vote) of \(shape.coordinateCount) "
        + "coordinates was expected")
  }
}
