internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// The route `hierarchical`: ballots are tallied on each node first, and only tallies leave it.
///
/// On a node the ranks share a window, in which ballots lie and the verdict appears (`NodeWindow`).
/// Of the ballots of a shard each node makes a tally of W planes, W the bits of twice its ranks,
/// and sends it to the shard's owner, who adds up the nodes, decides and sends the verdict back to
/// one rank of each node. So per node of L and parameter (W+1)(L−1)/L bits go over the network, plus
/// 8 bytes a message, and to each rank the control blocks of the other nodes: 64 bytes
/// a rank, 8 a node. On one node nothing
/// does.
///
/// `NodePlan` says who does what. All messages of a vote are in flight at once as far as receives
/// go; sends are started as far as `sendsInFlight` allows. Each has its own place in the buffer.
final class HierarchicalRoute: BallotRoute {
  static let tallyTag = 1
  static let verdictTag = 2

  let shape: VoteShape
  let plan: NodePlan
  let group: any NodeGroup
  let transfers: NodeTransfers
  var messages: MessageBuffer<UInt64>
  /// The number of the transfer that each operation in flight belongs to.
  var transferOfOperation: [Int]
  /// The shards that this rank tallies; its own is the first.
  let shards: [Int]
  /// Ballots of a block, or the tallies of the nodes; room for either.
  var parts: AlignedBuffer<Tally.Part>
  /// Where the sign planes of a block start, and its mask planes or -1.
  var signs: AlignedBuffer<Int>
  var masks: AlignedBuffer<Int>
  var places: [BallotPlace] = []

  var verdict: SignPlanes
  var controls: [ControlBlock]
  var coins = HeldCoins()
  var vote: UInt32 = 0
  var ownTraffic = Traffic()

  // How far the vote is.
  /// The tallies for other nodes that were started.
  var talliesStarted = 0
  /// By chunk of the own shard: the tallies that came, and whether it is decided.
  var arrived: [Int]
  var decidedChunks = 0
  var verdictsAwaited = 0
  var sendsInFlight = 0
  var isPublished = false

  init(_ shape: VoteShape, plan: NodePlan, group: any NodeGroup) {
    self.shape = shape
    self.plan = plan
    self.group = group
    shards = plan.shards(ofPlace: plan.place)
    transfers = NodeTransfers(shape, plan, shards: shards)
    messages = MessageBuffer(
      count: transfers.wordCount, maximumRequests: max(1, transfers.requestCount))
    transferOfOperation = Array(repeating: 0, count: max(1, transfers.requestCount))
    parts = AlignedBuffer(
      repeating: .ballot(signs: 0, masks: nil),
      count: max(plan.neighbours.count, plan.nodes.count))
    signs = AlignedBuffer(repeating: 0, count: plan.neighbours.count)
    masks = AlignedBuffer(repeating: -1, count: plan.neighbours.count)
    verdict = SignPlanes(count: 0)
    if shape.rule == .fair { coins.reserve(blockCount: plan.ownBlocks.count) }
    controls = Array(repeating: ControlBlock(), count: shape.ranks)
    arrived = Array(repeating: 0, count: plan.chunkCount(of: plan.ownShard))
  }

  let saysWhatItCarries = true

  func makeContribution(_ shape: VoteShape) -> Contribution { group.makeContribution(shape) }

  var traffic: Traffic {
    var traffic = ownTraffic
    traffic += group.traffic
    return traffic
  }

  func begin(
    _ contribution: Contribution, control: ControlBlock, masked: Bool,
    on communicator: borrowing Communicator
  ) throws(MPIError) {
    controls[shape.rank] = control
    coins.turn(to: control.step, seed: shape.seed)
    vote &+= 1
    ownTraffic = Traffic()
    talliesStarted = 0
    for chunk in arrived.indices { arrived[chunk] = 0 }
    decidedChunks = 0
    verdictsAwaited = transfers.verdictsIn.count
    isPublished = false
    places.removeAll(keepingCapacity: true)
    for number in transfers.talliesIn { try receive(number, tag: Self.tallyTag, communicator) }
    for number in transfers.verdictsIn { try receive(number, tag: Self.verdictTag, communicator) }
    try group.begin(
      contribution, control: control, vote: vote, verdict: &verdict, on: communicator)
  }

  func wait(_ patience: Patience, on communicator: borrowing Communicator) throws {
    var limit = WaitLimit(seconds: patience.limitSeconds)
    while try !isComplete() {
      try limit.pause(hasCome: advance(on: communicator), patience.whileWaiting)
    }
    for (place, rank) in plan.neighbours.enumerated() {
      controls[rank] = group.control(of: place)
    }
  }

  func control(of rank: Int) -> ControlBlock { controls[rank] }

  func tally(masked: Bool, coins: TieCoins, into verdict: inout SignPlanes) {
    swap(&verdict, &self.verdict)
  }

  /// Does what can be done now; false when there is nothing.
  private func advance(on communicator: borrowing Communicator) throws -> Bool {
    var isMoving = try takeWhatCame()
    if try group.takeWhatCame() { isMoving = true }
    guard group.areBallotsIn else { return isMoving }
    if try sendTallies(on: communicator) { isMoving = true }
    if try decideWhatIsComplete(on: communicator) { isMoving = true }
    if !isPublished, decidedChunks == arrived.count, verdictsAwaited == 0 {
      try group.publish(verdict, on: communicator)
      isPublished = true
      isMoving = true
    }
    return isMoving
  }

  private func isComplete() throws -> Bool {
    isPublished && messages.isIdle && group.complete(&verdict)
  }

  private func receive(
    _ number: Int, tag: Int, _ communicator: borrowing Communicator
  ) throws(MPIError) {
    let transfer = transfers.all[number]
    let operation = try messages.startReceive(
      into: transfer.room, from: transfer.peer, tag: tag, on: communicator)
    transferOfOperation[operation] = number
  }

  private func send(
    _ words: Range<Int>, _ number: Int, tag: Int, _ communicator: borrowing Communicator
  ) throws(MPIError) {
    let operation = try messages.startSend(
      words, to: transfers.all[number].peer, tag: tag, on: communicator)
    transferOfOperation[operation] = number
    sendsInFlight += 1
    ownTraffic.bytesSent += 8 * words.count
  }

  /// Tallies the ballots of shards of other nodes and sends them to the owners, as far as the
  /// number of sends in flight allows.
  private func sendTallies(on communicator: borrowing Communicator) throws(MPIError) -> Bool {
    let first = talliesStarted
    while talliesStarted < transfers.talliesOut.count,
      sendsInFlight < NodeTransfers.sendsInFlight
    {
      let number = transfers.talliesOut[talliesStarted]
      try send(writeTally(number), number, tag: Self.tallyTag, communicator)
      talliesStarted += 1
    }
    return talliesStarted > first
  }

  /// Decides own chunks, in turn, whose tallies are in, and sends their verdicts to the nodes.
  private func decideWhatIsComplete(
    on communicator: borrowing Communicator
  ) throws(MPIError) -> Bool {
    let first = decidedChunks
    while decidedChunks < arrived.count, arrived[decidedChunks] == plan.nodes.count - 1 {
      decide(chunk: decidedChunks)
      let targets = transfers.verdictsOut(ofChunk: decidedChunks)
      if let one = targets.first {
        let words = writeVerdict(one)
        for number in targets { try send(words, number, tag: Self.verdictTag, communicator) }
      }
      decidedChunks += 1
    }
    return decidedChunks > first
  }

  /// Lets MPI work and takes what is complete; false when nothing is.
  private func takeWhatCame() throws -> Bool {
    guard !messages.isIdle else { return false }
    _ = try messages.test()
    for index in 0..<messages.completionCount {
      let (operation, count) = messages.completion(at: index)
      let transfer = transfers.all[transferOfOperation[operation]]
      switch transfer.kind {
      case .tallyOut, .verdictOut:
        sendsInFlight -= 1
        continue
      case .tallyIn:
        try checkTally(transfer, wordCount: count)
        arrived[transfer.chunk] += 1
      case .verdictIn:
        try readVerdict(transfer, wordCount: count)
        verdictsAwaited -= 1
      }
      ownTraffic.bytesReceived += 8 * count
    }
    return messages.completionCount > 0
  }
}
