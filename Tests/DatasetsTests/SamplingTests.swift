import CounterRandom
import Testing

@testable import Datasets

@Suite("Sampling")
struct SamplingTests {
  /// The samples of all ranks in a step.
  private func step(_ step: Int, of sampler: inout EpochSampler) -> [[Int32]] {
    (0..<sampler.ranks).map { rank in
      var samples = [Int32](repeating: -1, count: sampler.batch)
      let count = sampler.copySamples(step: step, rank: rank, into: samples.mutableSpan)
      #expect(samples[count...].allSatisfy { $0 == -1 })
      return Array(samples[..<count])
    }
  }

  /// An epoch as it is defined, by taking entries off the front of the permutation.
  private func expectedEpoch(
    _ epoch: Int, training: [Int32], seed: UInt64, ranks: Int, batch: Int
  ) -> [[[Int32]]] {
    let stream = RandomStream(seed: seed, purpose: .epochPermutation, step: epoch)
    var queue = stream.permutation(count: training.count).map { training[Int($0)] }
    var steps: [[[Int32]]] = []
    while !queue.isEmpty {
      var hands = [[Int32]](repeating: [], count: ranks)
      for turn in 0..<min(queue.count, ranks * batch) {
        hands[turn % ranks].append(queue.removeFirst())
      }
      steps.append(hands)
    }
    return steps
  }

  @Test(arguments: [
    (1, 1, 1), (7, 1, 3), (64, 4, 4), (65, 4, 4), (66, 4, 4), (5, 4, 9), (130, 3, 8),
  ])
  func epoch_equalsDefinition(count: Int, ranks: Int, batch: Int) {
    let training = (0..<Int32(count)).map { 3 * $0 + 1 }
    for seed: UInt64 in [1, 77] {
      var sampler = EpochSampler(training: training, seed: seed, ranks: ranks, batch: batch)
      for epoch in 0..<3 {
        let expected = expectedEpoch(
          epoch, training: training, seed: seed, ranks: ranks, batch: batch)
        #expect(sampler.stepsPerEpoch == expected.count)
        for (place, hands) in expected.enumerated() {
          let number = epoch * sampler.stepsPerEpoch + place
          #expect(step(number, of: &sampler) == hands)
          #expect(sampler.sampleCount(step: number) == hands.joined().count)
        }
      }
    }
  }

  @Test func steps_inAnyOrder() {
    var forward = EpochSampler(training: Array(0..<50), seed: 5, ranks: 2, batch: 4)
    var backward = forward
    let steps = (0..<20).map { step($0, of: &forward) }
    #expect((0..<20).reversed().map { step($0, of: &backward) } == steps.reversed())
  }

  @Test func epochsAndSeeds_differ() {
    var one = EpochSampler(training: Array(0..<50), seed: 5, ranks: 1, batch: 50)
    var other = EpochSampler(training: Array(0..<50), seed: 6, ranks: 1, batch: 50)
    let orders = [step(0, of: &one), step(1, of: &one), step(0, of: &other)]
    #expect(Set(orders).count == 3)
    #expect(orders.allSatisfy { $0[0].sorted() == Array(0..<50) })
  }

  @Test func batch_largerThanTheSet() {
    var sampler = EpochSampler(training: [4, 5, 6], seed: 5, ranks: 2, batch: Int.max)
    #expect(sampler.stepsPerEpoch == 1 && sampler.batch == 3)
    #expect(step(0, of: &sampler).map(\.count) == [2, 1])
  }

  @Test(arguments: [0, 1, 2, 5, 10, 101], [1, 2, 3, 7])
  func partition_coversInOrderLargerFirst(count: Int, parts: Int) {
    let partition = ContiguousPartition(count: count, parts: parts)
    let ranges = (0..<parts).map { partition[$0] }
    #expect(ranges.flatMap { Array($0) } == Array(0..<count))
    let sizes = ranges.map(\.count)
    #expect(sizes == sizes.sorted(by: >) && sizes[0] - sizes[parts - 1] <= 1)
  }

  @Test(arguments: [0, 1, 7, 19])
  func validation_isThePermutationsFront(held: Int) throws {
    let split = try ValidationSplit(sampleCount: 20, validationCount: held, seed: 3)
    let order = RandomStream(seed: 3, purpose: .validationSplit).permutation(count: 20)
    #expect(split.validation == order.prefix(held).sorted())
    #expect(split.training == order.dropFirst(held).sorted())
  }

  @Test(arguments: [20, 21, -1, Int.max])
  func validation_leavesNoSample(held: Int) {
    let error = #expect(throws: DatasetError.self) {
      try ValidationSplit(sampleCount: 20, validationCount: held, seed: 3)
    }
    #expect(error?.defect == .validationTooLarge(count: held, samples: 20))
  }
}
