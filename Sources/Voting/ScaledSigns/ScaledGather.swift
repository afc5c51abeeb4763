internal import MPIKit
internal import SignBits

/// The way `gather`: every rank receives all ballots and adds them up itself.
///
/// (N−1)(64 + 4·tensors + d/8) bytes each way, the scales rounded up to whole words.
final class ScaledGather: ScaledMessages {
  let owned: ScaledLayout.Shard
  private let ranks: Int
  private let rank: Int
  private let shape: ScaledBallotShape
  private var messages: MessageBuffer<UInt64>

  init(_ layout: ScaledLayout, ranks: Int, rank: Int) {
    owned = layout.whole
    self.ranks = ranks
    self.rank = rank
    shape = ScaledBallotShape(owned)
    messages = MessageBuffer(count: ranks * shape.wordCount, maximumRequests: 1)
  }

  var ballotPlace: (firstWord: Int, stride: Int) { (shape.firstSign, shape.wordCount) }

  var traffic: Traffic { .allGather(bytesPerRank: shape.wordCount * 8, ranks: ranks) }

  private func message(of rank: Int) -> Range<Int> {
    rank * shape.wordCount..<(rank + 1) * shape.wordCount
  }

  func begin(
    _ ballot: borrowing SignPlanes, scales: [Float], control: ControlBlock,
    on communicator: borrowing Communicator
  ) throws(MPIError) {
    messages.withMutableSpan(in: message(of: rank)) { message in
      shape.write(ballot, scales: scales, control: control, into: &message)
    }
    try messages.startAllGather(countPerRank: shape.wordCount, on: communicator)
  }

  func waitForBallots(_ patience: Patience) throws {
    try messages.wait(limitSeconds: patience.limitSeconds, onIdle: patience.whileWaiting)
  }

  func control(of rank: Int) -> ControlBlock {
    messages.withSpan(in: message(of: rank)) { ControlBlock(from: $0) }
  }

  func scale(of tensor: Int, from rank: Int) -> Float {
    messages.withSpan(in: message(of: rank)) { shape.scale(of: tensor, in: $0) }
  }

  func withBallots(_ body: (Span<UInt64>) -> Void) {
    messages.withSpan(in: 0..<messages.count, body)
  }

  func share(
    _ mean: inout SignPlanes, sums: inout [Double], _ patience: Patience,
    on communicator: borrowing Communicator
  ) {}
}
