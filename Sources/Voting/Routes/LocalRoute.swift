internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// The votes of one rank alone, by whatever route: its tally is the tally, without a message.
final class LocalRoute: BallotRoute {
  private let shape: VoteShape
  private var words: AlignedBuffer<UInt64>
  private var control = ControlBlock()
  let traffic = Traffic()

  init(_ shape: VoteShape) {
    self.shape = shape
    words = AlignedBuffer(repeating: 0, count: shape.tallyWords(masked: true))
  }

  func begin(
    _ contribution: Contribution, control: ControlBlock, masked: Bool,
    on communicator: borrowing Communicator
  ) {
    self.control = control
    words.withMutableSpan { (words: consuming MutableSpan<UInt64>) in
      contribution.write(
        0..<shape.blockCount, planes: shape.planeCount(masked: masked), masked: masked,
        into: &words)
    }
  }

  func wait(_ patience: Patience, on communicator: borrowing Communicator) {}

  func control(of rank: Int) -> ControlBlock { control }

  func tally(masked: Bool, coins: TieCoins, into verdict: inout SignPlanes) {
    words.withSpan { words in
      Tally.verdict(
        of: words.extracting(0..<shape.tallyWords(masked: masked)), ranks: shape.voters,
        masked: masked, rule: shape.rule, coins: coins, into: &verdict)
    }
  }
}
