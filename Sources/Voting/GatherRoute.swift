internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// The route `gather`: every rank receives all ballots and tallies them itself.
///
/// The message of a rank is its control block, its sign plane and, with masks, its mask plane:
/// (N−1)(64 + d/8) bytes each way, d/4 with masks.
final class GatherRoute: BallotRoute {
  private let ranks: Int
  private let rank: Int
  private let rule: SignRule
  private let planeWords: Int
  private var messages: MessageBuffer<UInt64>
  private var stride = 0
  private(set) var traffic = Traffic()

  init(coordinateCount: Int, rule: SignRule, ranks: Int, rank: Int) {
    self.ranks = ranks
    self.rank = rank
    self.rule = rule
    planeWords = (coordinateCount + 63) / 64
    messages = MessageBuffer(
      count: ranks * (ControlBlock.wordCount + 2 * planeWords), maximumRequests: 1)
  }

  func begin(
    _ ballot: borrowing SignPlanes, control: ControlBlock, masked: Bool,
    on communicator: borrowing Communicator
  ) throws(MPIError) {
    stride = ControlBlock.wordCount + (masked ? 2 : 1) * planeWords
    let signs = ballot.signs.span
    let masks = ballot.masks.span
    messages.withMutableSpan(in: rank * stride..<(rank + 1) * stride) { message in
      control.write(into: &message, at: 0)
      for index in 0..<planeWords {
        message[ControlBlock.wordCount + index] = signs[index]
        if masked { message[ControlBlock.wordCount + planeWords + index] = masks[index] }
      }
    }
    try messages.startAllGather(countPerRank: stride, on: communicator)
    traffic = .allGather(bytesPerRank: stride * 8, ranks: ranks)
  }

  func wait(_ patience: Patience) throws {
    try messages.wait(limitSeconds: patience.limitSeconds, onIdle: patience.whileWaiting)
  }

  func control(of rank: Int) -> ControlBlock {
    let first = rank * stride
    return messages.withSpan(in: first..<first + ControlBlock.wordCount) { ControlBlock(from: $0) }
  }

  func tally(masked: Bool, coins: TieCoins, into verdict: inout SignPlanes) {
    messages.withSpan(in: 0..<ranks * stride) { ballots in
      Tally.verdict(
        ofBallots: ballots, firstWord: ControlBlock.wordCount, stride: stride, ranks: ranks,
        masked: masked, rule: rule, coins: coins, into: &verdict)
    }
  }
}
