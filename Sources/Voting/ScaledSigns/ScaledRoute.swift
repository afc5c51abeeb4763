internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// How scaled signs become their mean (`--vote` of error feedback).
///
/// Both ways give the same bits.
public enum ScaledRoute: String, CaseIterable, Sendable {
  /// Signs to the owners of shards and back, point to point.
  case exchange
  /// All signs to all ranks, each of which computes everything: for few ranks, and to check.
  case gather
}

/// One way of bringing scaled signs to those who add them up, and the results to all.
///
/// Its calls are collective: every rank makes them in the same order.
protocol ScaledMessages: AnyObject {
  /// What this rank adds up.
  var owned: ScaledLayout.Shard { get }

  /// Where its ballots lie in what `withBallots` lends: the first word of rank 0's signs, and how
  /// far those of two ranks are apart.
  var ballotPlace: (firstWord: Int, stride: Int) { get }

  /// Copies signs, scales and control block into the messages and starts to send them.
  func begin(
    _ ballot: borrowing SignPlanes, scales: [Float], control: ControlBlock,
    on communicator: borrowing Communicator) throws(MPIError)

  /// Waits until the ballots have come.
  func waitForBallots(_ patience: Patience) throws

  /// The control block that came from a rank.
  func control(of rank: Int) -> ControlBlock

  /// The scale of one of the owned tensors that came from a rank.
  func scale(of tensor: Int, from rank: Int) -> Float

  /// Lends the signs that came.
  func withBallots(_ body: (Span<UInt64>) -> Void)

  /// Sends the own signs and sums to all and fills in those of the others.
  func share(
    _ mean: inout SignPlanes, sums: inout [Double], _ patience: Patience,
    on communicator: borrowing Communicator) throws

  /// What was sent and received since `begin`.
  var traffic: Traffic { get }
}

/// The message that carries a ballot: control block, scales (two a word, the first in the low half),
/// signs.
struct ScaledBallotShape {
  let tensors: Range<Int>
  let words: Range<Int>

  init(_ shard: ScaledLayout.Shard) {
    tensors = shard.tensors
    words = shard.words
  }

  /// Where the signs begin.
  var firstSign: Int { ControlBlock.wordCount + (tensors.count + 1) / 2 }
  var wordCount: Int { firstSign + words.count }

  func write(
    _ ballot: borrowing SignPlanes, scales: [Float], control: ControlBlock,
    into message: inout MutableSpan<UInt64>
  ) {
    control.write(into: &message, at: 0)
    for index in ControlBlock.wordCount..<firstSign { message[index] = 0 }
    for (place, tensor) in tensors.enumerated() {
      message[ControlBlock.wordCount + place / 2] |=
        UInt64(scales[tensor].bitPattern) << UInt64(32 * (place % 2))
    }
    let signs = ballot.signs.span
    for (place, word) in words.enumerated() { message[firstSign + place] = signs[word] }
  }

  func scale(of tensor: Int, in message: Span<UInt64>) -> Float {
    let place = tensor - tensors.lowerBound
    let word = message[ControlBlock.wordCount + place / 2] >> UInt64(32 * (place % 2))
    return Float(bitPattern: UInt32(truncatingIfNeeded: word))
  }
}
