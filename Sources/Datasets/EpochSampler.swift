internal import CounterRandom

/// The samples of each step and rank: an epoch is one seeded permutation of the training samples.
///
/// To the bit, with n training samples, N ranks and a batch of B samples a rank:
///
/// - An epoch has ceil(n / (N · B)) steps; step t of the run is step k = t mod that of epoch
///   e = t div that.
/// - P is `RandomStream(seed:purpose:owner:step:)` with the run's seed, purpose
///   `.epochPermutation`, owner 0 and step e, `.permutation(count: n)`. Entry i of the epoch is
///   the training sample `training[P[i]]`.
/// - Step k uses the entries from k · N · B up to min((k + 1) · N · B, n). Rank r takes the r-th,
///   the (r + N)-th, … of them, in this order.
///
/// So the samples used up to any step are a prefix of the permutation, for every N; batch sizes of
/// one step differ by at most one; in an epoch's last step a rank may get none, and abstains. A run
/// that goes on in mid-epoch with another N first uses up that epoch's rest: `EpochCourse`.
public struct EpochSampler: Sendable {
  /// The number of ranks.
  public let ranks: Int
  /// The number of samples a rank takes in a step, apart from an epoch's last step.
  public let batch: Int
  private let training: [Int32]
  private let seed: UInt64
  private let course: EpochCourse
  private var epoch = -1
  private var order: [Int32] = []

  /// A sampler, before its first epoch.
  ///
  /// - Parameters:
  ///   - training: The numbers of the training samples, as `ValidationSplit` gives them.
  ///   - seed: The seed of the run.
  ///   - ranks: The number of ranks.
  ///   - batch: The number of samples a rank takes in a step; more than there are count as all.
  ///   - start: Where the run begins or goes on.
  /// - Precondition: `training` is not empty; `ranks` and `batch` are positive.
  public init(
    training: [Int32], seed: UInt64, ranks: Int, batch: Int,
    start: EpochCourse.Place = EpochCourse.Place()
  ) {
    precondition(!training.isEmpty && ranks > 0 && batch > 0, "no samples, no ranks or no batch")
    self.training = training
    self.seed = seed
    self.ranks = ranks
    self.batch = min(batch, training.count)
    course = EpochCourse(
      samples: training.count, samplesPerStep: ranks * self.batch, start: start)
  }

  /// The number of samples that all ranks together take in a step, apart from the last one.
  public var samplesPerStep: Int { ranks * batch }

  /// The number of steps of an epoch.
  public var stepsPerEpoch: Int { course.stepsPerEpoch }

  /// The number of samples that all ranks together take in a step of the run.
  ///
  /// - Precondition: `step` is not before the start.
  public func sampleCount(step: Int) -> Int {
    course.entries(of: step).entries.count
  }

  /// Writes the numbers of the samples of a step and rank.
  ///
  /// - Parameters:
  ///   - step: The step of the run, from the start on; steps may come in any order.
  ///   - rank: The rank.
  ///   - samples: At least `batch` elements, of which the first ones are overwritten.
  /// - Returns: The number of samples; 0 where the rank gets none.
  /// - Complexity: O(`batch`) without allocation; O(n) when the epoch changes.
  public mutating func copySamples(
    step: Int, rank: Int, into samples: consuming MutableSpan<Int32>
  ) -> Int {
    precondition(rank >= 0 && rank < ranks, "rank \(rank) outside 0..<\(ranks)")
    let (wanted, entries) = course.entries(of: step)
    if wanted != epoch {
      epoch = wanted
      let stream = RandomStream(seed: seed, purpose: .epochPermutation, step: epoch)
      order = stream.permutation(count: training.count)
    }
    var count = 0
    for entry in stride(from: entries.lowerBound + rank, to: entries.upperBound, by: ranks) {
      samples[count] = training[Int(order[entry])]
      count += 1
    }
    return count
  }
}
