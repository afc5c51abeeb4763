internal import MPIKit

/// A sum of Float32 vectors in the order of the ranks, each rank summing one shard.
///
/// Shards are of equal length, the last ones may be partly or wholly padding. First every rank
/// sends each owner its part of the shard, led by the control block; then every owner sends its
/// sum to all. Messages are counted, not modelled: (N−1)(64 + 8·shard) bytes each way.
final class ShardedSum: GradientSum {
  /// The control block as 32-bit patterns in place of numbers.
  private static let controlCount = ControlBlock.byteCount / 4
  private static let addendTag = 1
  private static let sumTag = 2

  private let count: Int
  private let ranks: Int
  private let rank: Int
  private let shard: Int
  /// Segments to the owners, segments from all ranks, the sum.
  private var messages: MessageBuffer<Float>

  init(count: Int, ranks: Int, rank: Int) {
    self.count = count
    self.ranks = ranks
    self.rank = rank
    shard = (count + ranks - 1) / ranks
    messages = MessageBuffer(
      count: 2 * ranks * (shard + Self.controlCount) + ranks * shard,
      maximumRequests: 2 * ranks)
  }

  private var segment: Int { shard + Self.controlCount }

  private func outgoing(_ owner: Int) -> Range<Int> {
    owner * segment..<(owner + 1) * segment
  }

  private func incoming(_ sender: Int) -> Range<Int> {
    (ranks + sender) * segment..<(ranks + sender + 1) * segment
  }

  private func summed(_ owner: Int) -> Range<Int> {
    let first = 2 * ranks * segment + owner * shard
    return first..<first + shard
  }

  var traffic: Traffic {
    var traffic = Traffic()
    traffic.bytesSent = (ranks - 1) * 4 * (segment + shard)
    traffic.bytesReceived = traffic.bytesSent
    return traffic
  }

  func begin(
    _ gradient: Span<Float>, control: ControlBlock, on communicator: borrowing Communicator
  ) throws(MPIError) {
    for owner in 0..<ranks {
      // The own segment takes no message: it is written where the others' arrive.
      fill(owner == rank ? incoming(rank) : outgoing(owner), owner, gradient, control)
    }
    // Partners in staggered order, so that no rank is everybody's first.
    for offset in 1..<ranks {
      let sender = (rank + ranks - offset) % ranks
      try messages.startReceive(
        into: incoming(sender), from: sender, tag: Self.addendTag, on: communicator)
    }
    for offset in 1..<ranks {
      let owner = (rank + offset) % ranks
      try messages.startSend(outgoing(owner), to: owner, tag: Self.addendTag, on: communicator)
    }
  }

  private func fill(
    _ range: Range<Int>, _ owner: Int, _ gradient: Span<Float>, _ control: ControlBlock
  ) {
    let words = control.words
    let first = min(owner * shard, count)
    let end = min(first + shard, count)
    messages.withMutableSpan(in: range) { message in
      for index in 0..<Self.controlCount {
        let half = words[index / 2] >> UInt64(index % 2 * 32)
        message[index] = Float(bitPattern: UInt32(truncatingIfNeeded: half))
      }
      for index in first..<end { message[Self.controlCount + index - first] = gradient[index] }
      for index in end - first..<shard { message[Self.controlCount + index] = 0 }
    }
  }

  func wait(_ patience: Patience, on communicator: borrowing Communicator) throws {
    try messages.wait(limitSeconds: patience.limitSeconds, onIdle: patience.whileWaiting)
    sumOwnShard()
    for offset in 1..<ranks {
      let owner = (rank + ranks - offset) % ranks
      try messages.startReceive(
        into: summed(owner), from: owner, tag: Self.sumTag, on: communicator)
    }
    try messages.startSend(summed(rank), toAllOthersWithTag: Self.sumTag, on: communicator)
    try messages.wait(limitSeconds: patience.limitSeconds, onIdle: patience.whileWaiting)
  }

  private func sumOwnShard() {
    let own = summed(rank).lowerBound
    let first = incoming(0).lowerBound + Self.controlCount
    let segment = segment
    messages.withMutableSpan(in: 0..<messages.count) { span in
      for index in 0..<shard {
        var sum: Float = 0
        for sender in 0..<ranks { sum += span[first + sender * segment + index] }
        span[own + index] = sum
      }
    }
  }

  func control(of rank: Int) -> ControlBlock {
    messages.withSpan(in: incoming(rank)) { slot in
      var words: [8 of UInt64] = .init(repeating: 0)
      for index in 0..<Self.controlCount {
        words[index / 2] |= UInt64(slot[index].bitPattern) << UInt64(index % 2 * 32)
      }
      return ControlBlock(words: words)
    }
  }

  func withSum(_ body: (Span<Float>) -> Void) {
    let first = summed(0).lowerBound
    messages.withSpan(in: first..<first + count, body)
  }
}
