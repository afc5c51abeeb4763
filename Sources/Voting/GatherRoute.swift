internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// The route `gather`: every rank receives all ballots and tallies them itself.
///
/// The message of a rank is its control block, its sign plane and, with masks, its mask plane:
/// (N−1)(64 + d/8) bytes each way, d/4 with masks. Where ranks cast several ballots it is the
/// tally of these in place of the planes.
final class GatherRoute: BallotRoute {
  private let shape: VoteShape
  private var messages: MessageBuffer<UInt64>
  private var stride = 0
  private(set) var traffic = Traffic()

  init(_ shape: VoteShape) {
    self.shape = shape
    messages = MessageBuffer(
      count: shape.ranks * Self.messageWords(shape, masked: true), maximumRequests: 1)
  }

  private static func messageWords(_ shape: VoteShape, masked: Bool) -> Int {
    let planes = masked ? 2 : 1
    return ControlBlock.wordCount
      + (shape.sendsTallies ? shape.tallyWords(masked: masked) : planes * shape.planeWords)
  }

  func begin(
    _ contribution: Contribution, control: ControlBlock, masked: Bool,
    on communicator: borrowing Communicator
  ) throws(MPIError) {
    stride = Self.messageWords(shape, masked: masked)
    let first = shape.rank * stride
    let content = first + ControlBlock.wordCount
    messages.withMutableSpan(in: first..<content) { control.write(into: &$0, at: 0) }
    messages.withMutableSpan(in: content..<first + stride) { message in
      if shape.sendsTallies {
        contribution.write(masked: masked, into: &message)
      } else {
        contribution.ballot.copy(masked: masked, into: &message)
      }
    }
    try messages.startAllGather(countPerRank: stride, on: communicator)
    traffic = .allGather(bytesPerRank: stride * 8, ranks: shape.ranks)
  }

  func wait(_ patience: Patience, on communicator: borrowing Communicator) throws {
    try messages.wait(limitSeconds: patience.limitSeconds, onIdle: patience.whileWaiting)
  }

  func control(of rank: Int) -> ControlBlock {
    let first = rank * stride
    return messages.withSpan(in: first..<first + ControlBlock.wordCount) { ControlBlock(from: $0) }
  }

  func tally(masked: Bool, coins: TieCoins, into verdict: inout SignPlanes) {
    messages.withSpan(in: 0..<shape.ranks * stride) { messages in
      if shape.sendsTallies {
        Tally.verdict(
          ofTallies: messages, firstWord: ControlBlock.wordCount, stride: stride,
          count: shape.ranks, ranks: shape.voters, masked: masked, rule: shape.rule, coins: coins,
          into: &verdict)
      } else {
        Tally.verdict(
          ofBallots: messages, firstWord: ControlBlock.wordCount, stride: stride,
          ranks: shape.ranks, masked: masked, rule: shape.rule, coins: coins, into: &verdict)
      }
    }
  }
}

extension SignPlanes {
  /// Copies the sign plane and, with `masked`, the mask plane behind it.
  fileprivate func copy(masked: Bool, into message: inout MutableSpan<UInt64>) {
    let signs = signs.span
    let masks = masks.span
    for index in signs.indices { message[index] = signs[index] }
    guard masked else { return }
    for index in masks.indices { message[signs.count + index] = masks[index] }
  }
}
