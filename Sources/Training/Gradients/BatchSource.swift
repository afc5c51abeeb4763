import AlignedBuffers
import Datasets
import Objectives

/// The samples of each draw of the voters that a rank hosts.
struct BatchSource: ~Copyable {
  /// Where a voter's samples come from.
  private enum Order {
    /// The epoch's permutation, shared by all ranks.
    case shared(EpochSampler)
    /// Its own samples, permuted by itself.
    case own(ClientSampler)
    /// The same ones in every draw.
    case fixed([Int32])
    /// Objectives without samples: a number of draws of noise.
    case noise(count: Int)
  }

  /// The most samples of a draw.
  let capacity: Int
  private var orders: [Order]
  private var samples: AlignedBuffer<Int32>
  /// The number of samples of the last draw.
  private(set) var count = 0
  private var noise = NoisePosition(seed: 0, rank: 0, step: 0)
  private let seed: UInt64
  private let parts: Int
  private let augmentation: Augmentation?
  private let firstVoter: Int

  /// The samples of the voters hosted by this rank.
  init(plan: RunPlan, electorate: Electorate, workload: Workload) {
    seed = plan.options.seed
    parts = plan.options.accumulate
    augmentation = plan.options.augmentation
    firstVoter = electorate.hosted.lowerBound
    orders = electorate.hosted.map { voter in
      Self.order(of: voter, plan: plan, electorate: electorate, workload: workload)
    }
    capacity = plan.batchCapacity
    samples = AlignedBuffer(repeating: 0, count: capacity)
  }

  private static func order(
    of voter: Int, plan: RunPlan, electorate: Electorate, workload: Workload
  ) -> Order {
    guard let training = workload.split?.training else {
      return .noise(count: plan.batchCapacity)
    }
    guard case .perRank(let part) = plan.options.batch else {
      if let own = workload.clientSamples { return .fixed(own[voter]) }
      let part = ContiguousPartition(count: training.count, parts: electorate.count)[voter]
      return .fixed(Array(training[part]))
    }
    let batch = Memory.product(part, plan.options.accumulate)
    if workload.clientSamples == nil, !electorate.areClients {
      return .shared(
        EpochSampler(
          training: training, seed: plan.options.seed, ranks: electorate.count, batch: batch,
          start: plan.position.place))
    }
    return .own(
      ClientSampler(
        samples: workload.clientSamples?[voter] ?? training, client: voter,
        seed: plan.options.seed, batch: batch))
  }

  /// Draws the samples of a voter, none where it gets none.
  mutating func take(voter: Int, draw: Int) {
    let place = voter - firstVoter
    switch orders[place] {
    case .shared(var sampler):
      orders[place] = .noise(count: 0)  // The sampler is moved, not copied, while it changes.
      count = sampler.copySamples(step: draw, rank: voter, into: samples.mutableSpan)
      orders[place] = .shared(sampler)
    case .own(var sampler):
      orders[place] = .noise(count: 0)
      count = sampler.copySamples(draw: draw, into: samples.mutableSpan)
      orders[place] = .own(sampler)
    case .fixed(let fixed):
      for index in fixed.indices { samples[index] = fixed[index] }
      count = fixed.count
    case .noise(let draws): count = draws
    }
    noise = NoisePosition(seed: seed, rank: voter, step: draw)
  }

  /// Fills a batch with some of the samples drawn last.
  ///
  /// - Parameter part: Their number among the parts of `--accumulate`, each of which has noise of its
  ///   own.
  func load(
    _ batch: inout Batch, _ samples: Range<Int>, part: Int, from workload: Workload
  ) {
    let draw = augmentation.map {
      AugmentedDraw($0, seed: seed, voter: noise.rank, draw: noise.step)
    }
    workload.load(
      &batch, samples: self.samples.span.extracting(samples), from: samples.lowerBound,
      changedBy: draw)
    batch.noise = NoisePosition(
      seed: seed, rank: noise.rank, step: noise.step * parts + part)
  }
}
