import MPIKit
import TestSupport
import Testing

/// Blocks of two words (a, b) stand for x ↦ a·x + b modulo 2^64; joining composes the functions,
/// which depends on the order and on where a block begins.
private func composeBlocks(
  _ incoming: UnsafeRawPointer, _ accumulated: UnsafeMutableRawPointer, _ blockCount: Int,
  _ blockBytes: Int
) {
  precondition(blockBytes == 16)
  let left = incoming.assumingMemoryBound(to: UInt64.self)
  let right = accumulated.assumingMemoryBound(to: UInt64.self)
  for block in 0..<blockCount {
    let (a, b) = (left[2 * block], left[2 * block + 1])
    right[2 * block + 1] = a &* right[2 * block + 1] &+ b
    right[2 * block] = a &* right[2 * block]
  }
}

/// Adds words and counts in the last word of each block how often it was joined.
private func addBlocks(
  _ incoming: UnsafeRawPointer, _ accumulated: UnsafeMutableRawPointer, _ blockCount: Int,
  _ blockBytes: Int
) {
  let words = blockBytes / 8
  let left = incoming.assumingMemoryBound(to: UInt64.self)
  let right = accumulated.assumingMemoryBound(to: UInt64.self)
  for index in 0..<(blockCount * words) {
    right[index] &+= left[index]
    if index % words == words - 1 { right[index] &+= 1 }
  }
}

@Suite("Reductions by our own function", .underLauncher)
struct UserReductionTests {
  private func composed(ranks: Int, block: Int) -> [UInt64] {
    // The outermost function is that of rank 0.
    var (a, b): (UInt64, UInt64) = (1, 0)
    for rank in (0..<ranks).reversed() {
      let (left, shift) = function(rank, block)
      b = left &* b &+ shift
      a = left &* a
    }
    return [a, b]
  }

  private func function(_ rank: Int, _ block: Int) -> (UInt64, UInt64) {
    (UInt64(2 * (rank + block) + 3), UInt64(7 * rank + block * block))
  }

  @Test(arguments: [0, 1, 6, 7, 8, 21, 10_000], [7, Int(Int32.max)])
  func allReduce_keepsOrderAndBlocks(blocks: Int, chunkLimit: Int) throws {
    try RankWorld.withEachCommunicator { name, whole in
      // Ten thousand blocks in chunks of seven would be too many requests.
      let communicator = try whole.limitingChunks(to: blocks > 100 ? 4_000 : chunkLimit)
      let reduction = try UserReduction(
        wordsPerBlock: 2, isCommutative: false, combine: composeBlocks)
      let own = (0..<blocks).flatMap { block in
        let (a, b) = function(communicator.rank, block)
        return [a, b]
      }
      let expected = (0..<blocks).flatMap { composed(ranks: communicator.size, block: $0) }

      var blocking = own
      try communicator.allReduce(inPlace: blocking.mutableSpan, reduction: reduction)
      try expectOnAllRanks(blocking == expected, "\(name), blocking", on: communicator)

      let words = 2 * blocks
      var buffer = MessageBuffer<UInt64>(count: 2 * words, maximumRequests: 4)
      var values = buffer.mutableSpan
      for index in 0..<words { values[index] = own[index] }
      try buffer.startAllReduce(
        from: 0..<words, into: words..<(2 * words), reduction: reduction, on: communicator)
      try buffer.wait(limitSeconds: 20)
      let found = (words..<(2 * words)).map { buffer.span[$0] }
      try expectOnAllRanks(found == expected, "\(name), non-blocking", on: communicator)
    }
  }

  @Test func reductions_areToldApartInFlight() throws {
    try RankWorld.withEachCommunicator { name, communicator in
      let compose = try UserReduction(
        wordsPerBlock: 2, isCommutative: false, combine: composeBlocks)
      let addThree = try UserReduction(wordsPerBlock: 3, isCommutative: true, combine: addBlocks)
      let addFour = try UserReduction(wordsPerBlock: 4, isCommutative: true, combine: addBlocks)
      var buffer = MessageBuffer<UInt64>(count: 48, maximumRequests: 3)
      var values = buffer.mutableSpan
      for index in 0..<24 { values[index] = 1 }
      try buffer.startAllReduce(from: 0..<2, into: 24..<26, reduction: compose, on: communicator)
      try buffer.startAllReduce(from: 2..<14, into: 26..<38, reduction: addThree, on: communicator)
      try buffer.startAllReduce(from: 14..<22, into: 38..<46, reduction: addFour, on: communicator)
      try buffer.wait(limitSeconds: 20)
      let found = (24..<46).map { Int(buffer.span[$0]) }
      // x + 1, as often as there are ranks; sums of ones; joined one time less than ranks.
      let ranks = communicator.size
      let counted = 2 * ranks - 1
      let expected =
        [1, ranks] + (0..<4).flatMap { _ in [ranks, ranks, counted] }
        + (0..<2).flatMap { _ in [ranks, ranks, ranks, counted] }
      try expectOnAllRanks(found == expected, "\(name): \(found)", on: communicator)
    }
  }

  @Test func reduction_mayDieBeforeItsOperationIsComplete() throws {
    try RankWorld.withEachCommunicator { name, communicator in
      let count = 1 << 17
      var buffer = MessageBuffer<UInt64>(count: 2 * count, maximumRequests: 1)
      var values = buffer.mutableSpan
      for index in 0..<count { values[index] = 1 }
      try start(&buffer, count: count, on: communicator)
      try buffer.wait(limitSeconds: 20)
      let found = Set((count..<(2 * count)).map { buffer.span[$0] })
      let ranks = UInt64(communicator.size)
      try expectOnAllRanks(
        found == (ranks == 1 ? [1] : [ranks, 2 * ranks - 1]), "\(name): \(found)",
        on: communicator)
    }
  }

  /// Starts with a reduction and on a communicator that are gone when this returns.
  private func start(
    _ buffer: inout MessageBuffer<UInt64>, count: Int, on communicator: borrowing Communicator
  ) throws {
    let twin = try communicator.duplicate()
    let reduction = try UserReduction(wordsPerBlock: 4, isCommutative: true, combine: addBlocks)
    try buffer.startAllReduce(
      from: 0..<count, into: count..<(2 * count), reduction: reduction, on: twin)
  }
}
