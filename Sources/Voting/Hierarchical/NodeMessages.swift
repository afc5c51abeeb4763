internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// Ranks that hand each other ballots and verdicts by messages: where a node has no room for a
/// window, and as a group of about √N ranks of as many nodes.
///
/// Each rank sends each other one its ballot in the shards that the other tallies, and gets the
/// verdict of these shards back: (n−1)/n bits each way in a group of n, in 2(n−1) messages. With
/// √N groups of √N ranks a rank sends and receives about 4√N messages a vote where the route
/// `exchange` has 2N, for W + 3 bits a parameter in place of two.
final class NodeMessages: NodeGroup {
  private static let ballotTag = 3
  private static let verdictTag = 4
  /// The head, the control block, and what the sender takes for the shape of the vote.
  private static let ballotHeadWords = 2 + ControlBlock.wordCount

  private let shape: VoteShape
  private let plan: NodePlan
  private let rooms: NodeMessageRooms
  private var messages: MessageBuffer<UInt64>
  /// What each operation in flight is for: a receive from a place of the group; nil for sends.
  private var receives: [Receive?]
  private var vote: UInt32 = 0
  private var step = 0
  private var ballotsAwaited = 0
  private(set) var traffic = Traffic()

  private enum Receive {
    case ballot(Int)
    case verdict(Int)
  }

  init(_ shape: VoteShape, plan: NodePlan) {
    self.shape = shape
    self.plan = plan
    rooms = NodeMessageRooms(shape, plan, headWords: Self.ballotHeadWords)
    let requests = max(1, 4 * (plan.neighbours.count - 1))
    messages = MessageBuffer(count: rooms.wordCount, maximumRequests: requests)
    receives = Array(repeating: nil, count: requests)
  }

  func begin(
    _ contribution: Contribution, control: ControlBlock, vote: UInt32,
    verdict: inout SignPlanes, on communicator: borrowing Communicator
  ) throws(MPIError) {
    self.vote = vote
    step = control.step
    traffic = Traffic()
    if verdict.count != shape.coordinateCount {
      verdict = SignPlanes(count: shape.coordinateCount)
    }
    verdict.clearMask()
    let others = plan.neighbours.indices.filter { $0 != plan.place }
    ballotsAwaited = others.count
    for place in others {
      let ballot = try messages.startReceive(
        into: rooms.ballotsIn[place], from: plan.neighbours[place], tag: Self.ballotTag,
        on: communicator)
      receives[ballot] = .ballot(place)
      let verdict = try messages.startReceive(
        into: rooms.verdictsIn[place], from: plan.neighbours[place], tag: Self.verdictTag,
        on: communicator)
      receives[verdict] = .verdict(place)
    }
    _ = write(contribution, control, for: plan.place, into: rooms.ballotsIn[plan.place])
    for place in others {
      let words = write(contribution, control, for: place, into: rooms.ballotsOut[place])
      try send(words, to: place, tag: Self.ballotTag, communicator)
    }
  }

  private func send(
    _ words: Range<Int>, to place: Int, tag: Int, _ communicator: borrowing Communicator
  ) throws(MPIError) {
    let operation = try messages.startSend(
      words, to: plan.neighbours[place], tag: tag, on: communicator)
    receives[operation] = nil
    traffic.bytesSent += 8 * words.count
  }

  /// Writes the ballot in the shards that a rank of the group tallies; the words that it takes.
  private func write(
    _ contribution: Contribution, _ control: ControlBlock, for place: Int, into room: Range<Int>
  ) -> Range<Int> {
    let (shape, vote) = (shape, vote)
    let content: ChunkContent =
      shape.sendsTallies ? .maskedTally : contribution.hasMask ? .signsAndMasks : .signs
    let words = contentWords(content, blocks: rooms.blockCount(of: place))
    let shards = rooms.shards[place]
    let first = room.lowerBound + Self.ballotHeadWords
    messages.withMutableSpan(in: room.lowerBound..<first) { message in
      message[0] = ChunkHead(content, chunk: 0, vote: vote).word
      control.write(into: &message, at: 1)
      message[1 + ControlBlock.wordCount] = shape.word
    }
    messages.withMutableSpan(in: first..<first + words) { content in
      for shard in shards {
        if shape.sendsTallies {
          content.copy(tallyOf: contribution, shard.blocks, at: shard.first)
        } else {
          content.copy(contribution.ballot, shard.blocks, at: shard.first)
        }
      }
    }
    return room.lowerBound..<room.lowerBound + Self.ballotHeadWords + words
  }

  private func contentWords(_ content: ChunkContent, blocks: Int) -> Int {
    switch content {
    case .signs: blocks * Tally.blockPlaneWords
    case .signsAndMasks: 2 * blocks * Tally.blockPlaneWords
    default: blocks * shape.blockWords(masked: true)
    }
  }

  func takeWhatCame() throws -> Bool {
    guard !messages.isIdle else { return false }
    _ = try messages.test()
    for index in 0..<messages.completionCount {
      let (operation, count) = messages.completion(at: index)
      switch receives[operation] {
      case .ballot(let place):
        try check(
          rooms.ballotsIn[place], count, from: place, "a ballot", headWords: Self.ballotHeadWords,
          blocks: rooms.blockCount(of: plan.place), isTally: shape.sendsTallies)
        let itsShape = messages.withSpan(in: rooms.ballotsIn[place]) {
          $0[1 + ControlBlock.wordCount]
        }
        guard itsShape == shape.word else { throw wrong(place, "a ballot of another vote") }
        ballotsAwaited -= 1
      case .verdict(let place):
        try check(
          rooms.verdictsIn[place], count, from: place, "a verdict", headWords: 1,
          blocks: rooms.blockCount(of: place), isTally: false)
      case nil: continue
      }
      traffic.bytesReceived += 8 * count
    }
    return messages.completionCount > 0
  }

  private func check(
    _ room: Range<Int>, _ wordCount: Int, from place: Int, _ kind: String, headWords: Int,
    blocks: Int, isTally: Bool
  ) throws(VotingError) {
    guard wordCount >= headWords else { throw wrong(place, "\(kind) of \(8 * wordCount) bytes") }
    let head = messages.withSpan(in: room) { ChunkHead(word: $0[0]) }
    let content = ChunkContent(rawValue: head.content)
    guard head.vote == vote, let content, content.isTally == isTally,
      isTally || content == .signs || content == .signsAndMasks,
      wordCount == headWords + contentWords(content, blocks: blocks)
    else {
      throw wrong(
        place, "\(kind) of kind \(head.content), vote \(head.vote), \(8 * wordCount) bytes")
    }
  }

  private func wrong(_ place: Int, _ found: String) -> VotingError {
    .wrongMessage(
      rank: plan.neighbours[place], step: step,
      problem: "\(found), where vote \(vote) of \(shape.coordinateCount) coordinates was expected")
  }

  var areBallotsIn: Bool { ballotsAwaited == 0 }

  func place(of rank: Int, shard: Int) -> BallotPlace {
    let room = rooms.ballotsIn[rank]
    let isMasked = messages.withSpan(in: room) { message in
      let content = ChunkHead(word: message[0]).content
      guard content == ChunkContent.maskedTally.rawValue else {
        return content == ChunkContent.signsAndMasks.rawValue
      }
      return ControlBlock(from: message.extracting(1...)).flags.contains(.masksUsed)
    }
    let first = rooms.shards[plan.place].first { $0.number == shard }?.first ?? 0
    let base = room.lowerBound + Self.ballotHeadWords
    let stride = shape.sendsTallies ? shape.blockWords(masked: true) : Tally.blockPlaneWords
    let plane = rooms.blockCount(of: plan.place) * Tally.blockPlaneWords
    return BallotPlace(
      first: base + first * stride,
      masks: isMasked && !shape.sendsTallies ? base + plane + first * stride : nil,
      isMasked: isMasked, stride: stride)
  }

  func withBallots(_ body: (Span<UInt64>) -> Void) {
    messages.withSpan(in: 0..<(rooms.ballotsIn.last?.upperBound ?? 0)) { body($0) }
  }

  func control(of rank: Int) -> ControlBlock {
    messages.withSpan(in: rooms.ballotsIn[rank]) { ControlBlock(from: $0.extracting(1...)) }
  }

  func publish(
    _ verdict: borrowing SignPlanes, on communicator: borrowing Communicator
  ) throws(MPIError) {
    let content: ChunkContent = verdict.hasMask ? .signsAndMasks : .signs
    let words = contentWords(content, blocks: rooms.blockCount(of: plan.place))
    let room = rooms.verdictOut.lowerBound..<rooms.verdictOut.lowerBound + 1 + words
    var head = messages.mutableSpan(in: room.lowerBound..<room.lowerBound + 1)
    head[0] = ChunkHead(content, chunk: 0, vote: vote).word
    var planes = messages.mutableSpan(in: room.lowerBound + 1..<room.upperBound)
    for shard in rooms.shards[plan.place] { planes.copy(verdict, shard.blocks, at: shard.first) }
    for offset in 1..<max(1, plan.neighbours.count) {
      let place = (plan.place + offset) % plan.neighbours.count
      try send(room, to: place, tag: Self.verdictTag, communicator)
    }
  }

  func complete(_ verdict: inout SignPlanes) -> Bool {
    guard messages.isIdle else { return false }
    for place in plan.neighbours.indices where place != plan.place {
      messages.withSpan(in: rooms.verdictsIn[place]) { message in
        let isMasked =
          ChunkHead(word: message[0]).content == ChunkContent.signsAndMasks.rawValue
        let words = contentWords(
          isMasked ? .signsAndMasks : .signs, blocks: rooms.blockCount(of: place))
        for shard in rooms.shards[place] {
          verdict.read(
            shard.blocks, at: shard.first, of: message.extracting(1..<1 + words),
            masked: isMasked)
        }
      }
    }
    return true
  }
}
