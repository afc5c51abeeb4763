import AlignedBuffers
import Datasets
import Objectives

/// The samples of each step on one rank.
struct BatchSource: ~Copyable {
  /// Where a step's samples come from.
  private enum Order {
    /// The epoch's permutation.
    case permuted(EpochSampler)
    /// The same ones in every step.
    case fixed(count: Int)
  }

  private var order: Order
  private var samples: AlignedBuffer<Int32>
  private let seed: UInt64
  private let rank: Int

  /// The samples of a rank under a plan.
  init(plan: RunPlan, workload: Workload, rank: Int) {
    seed = plan.options.seed
    self.rank = rank
    samples = AlignedBuffer(repeating: 0, count: plan.batchCapacity)
    let training = workload.split?.training ?? []
    if training.isEmpty {
      order = .fixed(count: plan.batchCapacity)
    } else if case .perRank(let batch) = plan.options.batch {
      order = .permuted(
        EpochSampler(training: training, seed: seed, ranks: plan.ranks, batch: batch))
    } else {
      let part = ContiguousPartition(count: training.count, parts: plan.ranks)[rank]
      for (place, index) in part.enumerated() { samples[place] = training[index] }
      order = .fixed(count: part.count)
    }
  }

  /// Fills a batch with the samples of a step, none where the rank gets none.
  mutating func load(_ batch: inout Batch, step: Int, from workload: Workload) {
    let count: Int
    switch order {
    case .permuted(var sampler):
      order = .fixed(count: 0)  // The sampler is moved, not copied, while it changes.
      count = sampler.copySamples(step: step, rank: rank, into: samples.mutableSpan)
      order = .permuted(sampler)
    case .fixed(let fixed): count = fixed
    }
    workload.load(&batch, samples: samples.span.extracting(0..<count))
    batch.noise = NoisePosition(seed: seed, rank: rank, step: step)
  }
}
