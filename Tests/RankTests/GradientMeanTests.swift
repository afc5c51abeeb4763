import AlignedBuffers
import MPIKit
import TestSupport
import Testing
import Voting

@Suite("Mean of gradients", .underLauncher)
struct GradientMeanTests {
  /// Numbers whose sum depends on the order in which they are added.
  private func value(rank: Int, index: Int) -> Float {
    Float(index % 7 + 1) * (rank % 2 == 0 ? 1e8 : -1e8) + Float(rank) + 0.25 * Float(index)
  }

  private func mean(
    count: Int, order: MeanOrder, on ranks: borrowing Communicator, flags: ControlFlags = []
  ) throws -> (mean: [Float], traffic: Traffic) {
    let mean = try GradientMean(coordinateCount: count, order: order, communicator: ranks)
    let isCounted = flags.isEmpty
    let gradient = (0..<count).map { isCounted ? value(rank: ranks.rank, index: $0) : 0 }
    var control = ControlBlock()
    control.step = 5
    control.flags = flags
    try mean.begin(gradient.span, control: control)
    try mean.wait(Patience(limitSeconds: 60))
    var result = [Float](repeating: .nan, count: count)
    mean.mean(into: result.mutableSpan)
    return (result, mean.traffic)
  }

  @Test(arguments: [0, 1, 2, 3, 8, 65, 1_001])
  func fixedOrder_isTheSumByRank(count: Int) throws {
    try RankWorld.withEachCommunicator { name, ranks in
      let expected = (0..<count).map { index in
        (0..<ranks.size).reduce(Float(0)) { $0 + value(rank: $1, index: index) }
          / Float(ranks.size)
      }
      let (found, traffic) = try mean(count: count, order: .fixed, on: ranks)
      let shard = (count + ranks.size - 1) / ranks.size
      let bytes = (ranks.size - 1) * (64 + 8 * shard)
      try expectOnAllRanks(
        found.map(\.bitPattern) == expected.map(\.bitPattern), "\(name) \(count): \(found)",
        on: ranks)
      try expectOnAllRanks(
        traffic.bytesSent == bytes && traffic.bytesReceived == bytes && !traffic.isModelled,
        "\(name) \(count): \(traffic), not \(bytes)", on: ranks)
    }
  }

  @Test func mpiOrder_isNear() throws {
    let world = try RankWorld.communicator()
    let (found, traffic) = try mean(count: 100, order: .mpi, on: world)
    let isNear = (0..<100).allSatisfy { index in
      let exact = (0..<world.size).reduce(0.0) { $0 + Double(value(rank: $1, index: index)) }
      return abs(Double(found[index]) - exact / Double(world.size)) < 200
    }
    try expectOnAllRanks(isNear && traffic.isModelled, "\(found)", on: world)
  }

  @Test(arguments: MeanOrder.allCases)
  func ranksWithoutSamples_areNotCounted(order: MeanOrder) throws {
    let world = try RankWorld.communicator()
    let isAbsent = world.rank == world.size - 1 && world.size > 1
    let (found, _) = try mean(
      count: 3, order: order, on: world, flags: isAbsent ? [.noSample] : [])
    let counted = max(world.size - 1, 1)
    let exact = (0..<counted).reduce(0.0) { $0 + Double(value(rank: $1, index: 2)) }
    try expectOnAllRanks(
      abs(Double(found[2]) - exact / Double(counted)) < 200, "\(found)", on: world)
  }
}
