internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// The way `exchange`: signs to the owners of shards, results back to all, point to point.
///
/// To an owner go the control block, the scales of its tensors and the signs of its shard; from it
/// come the norms of its parts and the signs of its means. The signs of means do not depend on their
/// scales, so two messages a pair are enough. A rank sends about (N−1)·64 + 2(N−1)/N·d/8 bytes, and
/// 8 bytes for each part of its own to each other rank (d/N/512 bytes and more); counted, not
/// modelled.
final class ScaledExchange: ScaledMessages {
  private static let ballotTag = 1
  private static let meanTag = 2

  private let layout: ScaledLayout
  private let ranks: Int
  private let rank: Int
  private let shape: ScaledBallotShape
  /// Ballots from all ranks for the own shard, then the own ballots to the owners.
  private var ballots: MessageBuffer<UInt64>
  private let outgoing: [Range<Int>]
  /// Norms and signs of all owners.
  private var means: MessageBuffer<UInt64>
  private let results: [Range<Int>]
  private(set) var traffic = Traffic()

  init(_ layout: ScaledLayout, ranks: Int, rank: Int) {
    self.layout = layout
    self.ranks = ranks
    self.rank = rank
    shape = ScaledBallotShape(layout.shards[rank])
    outgoing = Self.places(
      of: layout.shards.map { ScaledBallotShape($0).wordCount }, from: ranks * shape.wordCount)
    results = Self.places(of: layout.shards.map { $0.parts.count + $0.words.count }, from: 0)
    ballots = MessageBuffer(
      count: outgoing[ranks - 1].upperBound, maximumRequests: 2 * ranks)
    means = MessageBuffer(count: results[ranks - 1].upperBound, maximumRequests: 2 * ranks)
  }

  private static func places(of lengths: [Int], from first: Int) -> [Range<Int>] {
    var end = first
    return lengths.map { length in
      end += length
      return end - length..<end
    }
  }

  var owned: ScaledLayout.Shard { layout.shards[rank] }

  var ballotPlace: (firstWord: Int, stride: Int) { (shape.firstSign, shape.wordCount) }

  private func incoming(_ sender: Int) -> Range<Int> {
    sender * shape.wordCount..<(sender + 1) * shape.wordCount
  }

  func begin(
    _ ballot: borrowing SignPlanes, scales: [Float], control: ControlBlock,
    on communicator: borrowing Communicator
  ) throws(MPIError) {
    traffic = Traffic()
    for offset in 1..<ranks {
      // Partners in staggered order, so that no rank is everybody's first.
      let sender = (rank + ranks - offset) % ranks
      try ballots.startReceive(
        into: incoming(sender), from: sender, tag: Self.ballotTag, on: communicator)
      traffic.bytesReceived += 8 * shape.wordCount
      if !results[sender].isEmpty {
        try means.startReceive(
          into: results[sender], from: sender, tag: Self.meanTag, on: communicator)
        traffic.bytesReceived += 8 * results[sender].count
      }
    }
    for offset in 1...ranks {
      let owner = (rank + offset) % ranks
      // The own shard takes no message: it is written where the others' arrive.
      let place = owner == rank ? incoming(rank) : outgoing[owner]
      let shape = ScaledBallotShape(layout.shards[owner])
      ballots.withMutableSpan(in: place) { message in
        shape.write(ballot, scales: scales, control: control, into: &message)
      }
      guard owner != rank else { continue }
      try ballots.startSend(place, to: owner, tag: Self.ballotTag, on: communicator)
      traffic.bytesSent += 8 * place.count
    }
  }

  func waitForBallots(_ patience: Patience) throws {
    try ballots.wait(limitSeconds: patience.limitSeconds, onIdle: patience.whileWaiting)
  }

  func control(of rank: Int) -> ControlBlock {
    ballots.withSpan(in: incoming(rank)) { ControlBlock(from: $0) }
  }

  func scale(of tensor: Int, from rank: Int) -> Float {
    ballots.withSpan(in: incoming(rank)) { shape.scale(of: tensor, in: $0) }
  }

  func withBallots(_ body: (Span<UInt64>) -> Void) {
    ballots.withSpan(in: 0..<ranks * shape.wordCount, body)
  }

  func share(
    _ mean: inout SignPlanes, sums: inout [Double], _ patience: Patience,
    on communicator: borrowing Communicator
  ) throws {
    if !results[rank].isEmpty {
      write(mean, sums)
      try means.startSend(
        results[rank], toAllOthersWithTag: Self.meanTag, on: communicator)
      traffic.bytesSent += 8 * (ranks - 1) * results[rank].count
    }
    try means.wait(limitSeconds: patience.limitSeconds, onIdle: patience.whileWaiting)
    for owner in 0..<ranks where owner != rank { read(owner, into: &mean, &sums) }
  }

  private func write(_ mean: borrowing SignPlanes, _ sums: [Double]) {
    let signs = mean.signs.span
    means.withMutableSpan(in: results[rank]) { message in
      for (place, part) in owned.parts.enumerated() { message[place] = sums[part].bitPattern }
      for (place, word) in owned.words.enumerated() {
        message[owned.parts.count + place] = signs[word]
      }
    }
  }

  private func read(_ owner: Int, into mean: inout SignPlanes, _ sums: inout [Double]) {
    let shard = layout.shards[owner]
    var signs = mean.signs.mutableSpan
    means.withSpan(in: results[owner]) { message in
      for (place, part) in shard.parts.enumerated() {
        sums[part] = Double(bitPattern: message[place])
      }
      for (place, word) in shard.words.enumerated() {
        signs[word] = message[shard.parts.count + place]
      }
    }
  }
}
