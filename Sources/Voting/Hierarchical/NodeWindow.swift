internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// The ranks of a node with a shared window.
///
/// Ballots are written into the window when they are packed and tallied where they lie; the verdict
/// is written there once and read in place by all: nothing is copied. Memory of the node: d/4 bytes
/// a rank for ballots (or their tallies), d/2 for the verdicts of two votes in turn.
///
/// Each rank has two counters: the last vote whose ballot it has published, and the last one whose
/// shards it has written. Nobody writes into a verdict, or over a control block, before all have
/// begun the next vote but one, and so are done with it.
final class NodeWindow: NodeGroup {
  /// Of each rank and vote: whether the ballot and the own shards of the verdict have masks, and
  /// the control block.
  private static let infoWords = 16

  private let shape: VoteShape
  private let plan: NodePlan
  private let memory: SharedMemory<UInt64>
  private let ranks: Int
  /// The words from one plane to the next, whole blocks.
  private let planeStride: Int
  private let contributionWords: Int
  /// Votes begun.
  private var vote: UInt64 = 0
  let traffic = Traffic()

  /// Makes a window, or none on all ranks of the node where it has no room.
  ///
  /// Collective over the node.
  init?(_ shape: VoteShape, plan: NodePlan, on node: borrowing Communicator) throws(MPIError) {
    self.shape = shape
    self.plan = plan
    ranks = node.size
    planeStride = plan.blockCount * Tally.blockPlaneWords
    contributionWords =
      shape.sendsTallies ? shape.tallyWords(masked: true) : 2 * planeStride
    let words = ranks * (2 * Self.infoWords + contributionWords) + 4 * planeStride
    guard
      let memory = try SharedMemory<UInt64>(count: words, counters: 2 * ranks, on: node)
    else { return nil }
    self.memory = memory
  }

  func makeContribution(_ shape: VoteShape) -> Contribution {
    let first = contribution(of: plan.place)
    guard !shape.sendsTallies else {
      return Contribution(
        shape, ballot: SignPlanes(count: shape.coordinateCount),
        tally: memory.buffer(first..<first + contributionWords))
    }
    return Contribution(
      shape, ballot: planes(at: first), tally: AlignedBuffer(repeating: 0, count: 0))
  }

  func begin(
    _ contribution: Contribution, control: ControlBlock, vote: UInt32,
    verdict: inout SignPlanes, on communicator: borrowing Communicator
  ) {
    self.vote += 1
    verdict = planes(at: self.contribution(of: ranks) + Int(self.vote % 2) * 2 * planeStride)
    memory.withMutableSpan(in: info(of: plan.place)) { info in
      info[0] = contribution.hasMask ? 1 : 0
      control.write(into: &info, at: 2)
    }
    memory.setCounter(2 * plan.place, to: self.vote)
  }

  func takeWhatCame() -> Bool { false }

  var areBallotsIn: Bool { haveAllReached(vote, counter: 0) }

  func place(of rank: Int, shard: Int) -> BallotPlace {
    let block = plan.blocks(of: shard).lowerBound
    let isMasked = memory.withSpan(in: info(of: rank)) { $0[0] == 1 }
    let stride = contributionWords / max(plan.blockCount, 1)
    guard !shape.sendsTallies else {
      return BallotPlace(
        first: contribution(of: rank) + block * stride, masks: nil, isMasked: isMasked,
        stride: stride)
    }
    let signs = contribution(of: rank) + block * Tally.blockPlaneWords
    return BallotPlace(
      first: signs, masks: isMasked ? signs + planeStride : nil, isMasked: isMasked,
      stride: Tally.blockPlaneWords)
  }

  func withBallots(_ body: (Span<UInt64>) -> Void) {
    memory.withSpan(in: 0..<contribution(of: ranks)) { body($0) }
  }

  func control(of rank: Int) -> ControlBlock {
    memory.withSpan(in: info(of: rank)) { ControlBlock(from: $0.extracting(2...)) }
  }

  func publish(_ verdict: borrowing SignPlanes, on communicator: borrowing Communicator) {
    let hasMask = verdict.hasMask
    memory.withMutableSpan(in: info(of: plan.place)) { $0[1] = hasMask ? 1 : 0 }
    memory.setCounter(2 * plan.place + 1, to: vote)
  }

  func complete(_ verdict: inout SignPlanes) -> Bool {
    guard haveAllReached(vote, counter: 1) else { return false }
    for rank in 0..<ranks where memory.withSpan(in: info(of: rank), { $0[1] == 1 }) {
      verdict.hasMask = true
    }
    return true
  }

  private func haveAllReached(_ vote: UInt64, counter: Int) -> Bool {
    for rank in 0..<ranks where memory.counter(at: 2 * rank + counter) < vote { return false }
    return true
  }

  /// What a rank says about its part in this vote.
  private func info(of rank: Int) -> Range<Int> {
    let first = (Int(vote % 2) * ranks + rank) * Self.infoWords
    return first..<first + Self.infoWords
  }

  /// The first word of what a rank brings.
  private func contribution(of rank: Int) -> Int {
    2 * ranks * Self.infoWords + rank * contributionWords
  }

  /// Planes in the window.
  private func planes(at first: Int) -> SignPlanes {
    SignPlanes(
      count: shape.coordinateCount, signs: memory.buffer(first..<first + shape.planeWords),
      masks: memory.buffer(first + planeStride..<first + planeStride + shape.planeWords))
  }
}
