internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// The route `exchange`: point-to-point messages, each rank tallying the shard that it owns.
///
/// Every rank sends each owner the ballots of its shard, in chunks; as soon as the ballots of a
/// chunk are in, the owner tallies them and sends the verdict to all. Chunks of both kinds are in
/// flight at the same time, so both directions stay busy: 2(N−1)/N bits per parameter each way
/// where nobody abstains, plus 8 bytes a message and 72 bytes to each partner; less where messages
/// are coded.
///
/// A vote may be opened before the ballot is complete and its buckets released one by one, so that
/// it goes on while the rest of the gradient is computed. The control block comes with the last
/// message to each partner.
///
/// A message says itself what it carries, so masks travel only with the blocks that have one. Two
/// tags tell ballots and verdicts apart; within one, messages of two ranks keep their order (MPI
/// 3.1, 3.5), so the k-th is chunk k.
final class ExchangeRoute: BallotRoute {
  static let ballotTag = 1
  static let verdictTag = 2

  let shape: VoteShape
  let plan: ExchangePlan
  let memory: ExchangeMemory
  var messages: MessageBuffer<UInt64>
  /// What each operation in flight is for, by its number.
  var purposes: [Purpose]
  /// How far the vote is with each rank.
  var partners: [Partner]
  /// By place in the window of own chunks: the ballots that came, and the verdicts not yet sent.
  var arrived: [Int]
  var unsent: [Int]
  /// The own chunks that are tallied.
  var talliedChunks = 0
  /// The operations of the vote that are not complete.
  var remaining = 0
  let ballotTally: BallotTally

  var contribution: Contribution?
  var verdict: SignPlanes
  var controls: [ControlBlock]
  let coding: ExchangeCoding?
  var vote: UInt32 = 0
  /// The step of the vote.
  private(set) var step = 0
  private var isOpen = false
  /// The buckets whose ballots are complete.
  private var releasedBuckets = 0
  var traffic = Traffic()

  /// What an operation is for.
  enum Purpose {
    case sendBallot(to: Int, chunk: Int)
    case receiveBallot(from: Int, chunk: Int)
    case sendVerdict(chunk: Int)
    case receiveVerdict(from: Int, chunk: Int)
  }

  /// How many messages to and from a rank were started, and which places of its windows are taken.
  struct Partner {
    var ballotsSent = 0
    var ballotsAwaited = 0
    var verdictsAwaited = 0
    var sendingPlaces: UInt64 = 0
    var verdictPlaces: UInt64 = 0
  }

  init(_ shape: VoteShape) {
    self.shape = shape
    plan = ExchangePlan(shape)
    memory = ExchangeMemory(plan, ranks: shape.ranks)
    let requests = 4 * plan.window * (shape.ranks - 1)
    messages = MessageBuffer(count: memory.wordCount, maximumRequests: requests)
    purposes = Array(repeating: .sendVerdict(chunk: 0), count: requests)
    partners = Array(repeating: Partner(), count: shape.ranks)
    arrived = Array(repeating: 0, count: plan.window)
    unsent = Array(repeating: 0, count: plan.window)
    ballotTally = BallotTally(shape, blockCount: plan.blockCount(of: shape.rank))
    verdict = SignPlanes(count: shape.coordinateCount)
    coding = shape.coding == .none ? nil : ExchangeCoding(shape, plan)
    controls = Array(repeating: ControlBlock(), count: shape.ranks)
  }

  let saysWhatItCarries = true

  func open(
    _ contribution: Contribution, step: Int, on communicator: borrowing Communicator
  ) throws(MPIError) {
    self.contribution = contribution
    self.step = step
    isOpen = true
    releasedBuckets = 0
    ballotTally.turn(to: step)
    verdict.clearMask()
    vote &+= 1
    traffic = Traffic()
    talliedChunks = 0
    remaining = (shape.ranks - 1) * (ownChunks.count + plan.verdictCount(of: shape.rank))
    for rank in 0..<shape.ranks {
      partners[rank] = Partner()
      guard rank != shape.rank else { continue }
      remaining += plan.chunks[rank].count + plan.verdictCount(of: rank)
    }
    for place in 0..<plan.window {
      arrived[place] = 0
      unsent[place] = 0
    }
    try startWhatFits(on: communicator)
  }

  func release(bucket: Int, on communicator: borrowing Communicator) throws {
    precondition(isOpen && bucket == releasedBuckets, "bucket \(bucket) is not the next one")
    releasedBuckets += 1
    try advance(on: communicator)
  }

  func begin(
    _ contribution: Contribution, control: ControlBlock, masked: Bool,
    on communicator: borrowing Communicator
  ) throws(MPIError) {
    if !isOpen { try open(contribution, step: control.step, on: communicator) }
    controls[shape.rank] = control
    traffic.bytesOverlapped = traffic.bytesSent
    releasedBuckets = plan.bucketCount + 1
    try startWhatFits(on: communicator)
  }

  func progress(on communicator: borrowing Communicator) throws {
    if isOpen { _ = try advance(on: communicator) }
  }

  func wait(_ patience: Patience, on communicator: borrowing Communicator) throws {
    var limit = WaitLimit(seconds: patience.limitSeconds)
    while remaining > 0 {
      try limit.pause(hasCome: advance(on: communicator), patience.whileWaiting)
    }
    contribution = nil
    isOpen = false
  }

  /// Lets MPI work once and goes on with what came; false when nothing did.
  @discardableResult
  private func advance(on communicator: borrowing Communicator) throws -> Bool {
    let hasCome = try takeWhatCame()
    try tallyWhatIsComplete(on: communicator)
    try startWhatFits(on: communicator)
    return hasCome
  }

  /// The chunks of the own shard.
  var ownChunks: [ExchangePlan.Chunk] { plan.chunks[shape.rank] }

  /// Whether the own ballot is complete as far as a chunk and what else its message holds goes: the
  /// last message to a partner has the control block.
  private func isReleased(_ index: Int, of owner: Int) -> Bool {
    let chunks = plan.chunks[owner]
    return chunks[index].bucket < releasedBuckets
      && (index + 1 < chunks.count || releasedBuckets > plan.bucketCount)
  }

  func control(of rank: Int) -> ControlBlock { controls[rank] }

  func tally(masked: Bool, coins: TieCoins, into verdict: inout SignPlanes) {
    swap(&verdict, &self.verdict)
  }

  /// Starts receives and sends as far as the windows allow, with partners in staggered order, so
  /// that no rank is everybody's first.
  private func startWhatFits(on communicator: borrowing Communicator) throws(MPIError) {
    for offset in 1..<shape.ranks {
      let source = (shape.rank + shape.ranks - offset) % shape.ranks
      while try startReceive(from: source, on: communicator) {}
    }
    var isStarted = true
    while isStarted {
      isStarted = false
      for offset in 1..<shape.ranks {
        let owner = (shape.rank + offset) % shape.ranks
        if try sendBallot(to: owner, on: communicator) { isStarted = true }
      }
    }
  }

  /// Starts the next receive from a rank, if there is one.
  private func startReceive(
    from source: Int, on communicator: borrowing Communicator
  ) throws(MPIError) -> Bool {
    let ballot = partners[source].ballotsAwaited
    if ballot < min(ownChunks.count, talliedChunks + plan.window) {
      let operation = try messages.startReceive(
        into: memory.incomingBallot(from: source, place: ballot % plan.window), from: source,
        tag: Self.ballotTag, on: communicator)
      purposes[operation] = .receiveBallot(from: source, chunk: ballot)
      partners[source].ballotsAwaited += 1
      return true
    }
    let chunk = partners[source].verdictsAwaited
    let place: UInt64 = 1 << UInt64(chunk % plan.window)
    guard chunk < plan.verdictCount(of: source), partners[source].verdictPlaces & place == 0 else {
      return false
    }
    let operation = try messages.startReceive(
      into: memory.incomingVerdict(from: source, place: chunk % plan.window), from: source,
      tag: Self.verdictTag, on: communicator)
    purposes[operation] = .receiveVerdict(from: source, chunk: chunk)
    partners[source].verdictsAwaited += 1
    partners[source].verdictPlaces |= place
    return true
  }

  /// Sends the next ballot to an owner, if there is one.
  private func sendBallot(
    to owner: Int, on communicator: borrowing Communicator
  ) throws(MPIError) -> Bool {
    let chunk = partners[owner].ballotsSent
    let place: UInt64 = 1 << UInt64(chunk % plan.window)
    guard chunk < plan.chunks[owner].count, isReleased(chunk, of: owner),
      partners[owner].sendingPlaces & place == 0
    else { return false }
    let room = memory.outgoingBallot(to: owner, place: chunk % plan.window)
    let words = writeBallot(chunk: chunk, of: owner, into: room)
    let operation = try messages.startSend(
      words, to: owner, tag: Self.ballotTag, on: communicator)
    purposes[operation] = .sendBallot(to: owner, chunk: chunk)
    partners[owner].ballotsSent += 1
    partners[owner].sendingPlaces |= place
    traffic.bytesSent += 8 * words.count
    traffic.ballotBytesSent += 8 * words.count
    return true
  }

  /// Lets MPI work and takes what is complete; false when nothing is.
  private func takeWhatCame() throws -> Bool {
    do throws(MPIError) {
      _ = try messages.test()
    } catch {
      guard error.errorClass == .truncate, let operation = messages.failedOperation else {
        throw error
      }
      throw tooLong(purposes[operation])
    }
    for index in 0..<messages.completionCount {
      let (operation, count) = messages.completion(at: index)
      switch purposes[operation] {
      case .sendBallot(let owner, let chunk):
        partners[owner].sendingPlaces &= ~(1 << UInt64(chunk % plan.window))
      case .sendVerdict(let chunk):
        unsent[chunk % plan.window] -= 1
      case .receiveBallot(let sender, let chunk):
        try checkBallot(chunk: chunk, from: sender, wordCount: count)
        arrived[chunk % plan.window] += 1
        traffic.bytesReceived += 8 * count
      case .receiveVerdict(let owner, let chunk):
        try readVerdict(chunk: chunk, of: owner, wordCount: count)
        partners[owner].verdictPlaces &= ~(1 << UInt64(chunk % plan.window))
        traffic.bytesReceived += 8 * count
      }
    }
    remaining -= messages.completionCount
    return messages.completionCount > 0
  }

  /// Tallies own chunks whose ballots are in, in turn, and sends their verdicts to all.
  private func tallyWhatIsComplete(on communicator: borrowing Communicator) throws(MPIError) {
    while talliedChunks < ownChunks.count {
      let place = talliedChunks % plan.window
      guard arrived[place] == shape.ranks - 1, unsent[place] == 0,
        isReleased(talliedChunks, of: shape.rank)
      else { return }
      let chunk = talliedChunks
      arrived[place] = 0
      talliedChunks += 1
      guard chunk < plan.verdictCount(of: shape.rank) else { continue }
      let words = tally(chunk: chunk)
      for offset in 1..<shape.ranks {
        let operation = try messages.startSend(
          words, to: (shape.rank + offset) % shape.ranks, tag: Self.verdictTag, on: communicator)
        purposes[operation] = .sendVerdict(chunk: chunk)
      }
      unsent[place] = shape.ranks - 1
      traffic.bytesSent += 8 * words.count * (shape.ranks - 1)
    }
  }
}
