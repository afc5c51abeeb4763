internal import CounterRandom

/// The batches of one client: an epoch is one seeded permutation of the client's own samples.
///
/// To the bit, with n samples and a batch of B:
///
/// - An epoch has ceil(n / B) batches; draw k of the client is batch b = k mod that of epoch
///   e = k div that. A client that takes part in few rounds draws few batches: k counts its own.
/// - P is `RandomStream(seed:purpose:owner:step:)` with the run's seed, purpose `.clientEpoch`,
///   owner = client and step e, `.permutation(count: n)`.
/// - Batch b has the samples `samples[P[i]]` for i from b B up to min((b + 1) B, n): one at least.
///
/// So a client draws the same on every number of ranks, whichever hosts it. Memory: 8 bytes a
/// sample of the client, 4 where clients share the array of samples; the permutation is made at
/// the first draw of an epoch.
public struct ClientSampler: Sendable {
  /// The number of the client.
  public let client: Int
  /// The number of samples of a batch, apart from an epoch's last one.
  public let batch: Int
  private let samples: [Int32]
  private let seed: UInt64
  private var epoch = -1
  private var order: [Int32] = []

  /// A sampler, before its first epoch.
  ///
  /// - Parameters:
  ///   - samples: The numbers of the client's samples, as `ClientPartition` gives them.
  ///   - client: The number of the client.
  ///   - seed: The seed of the run.
  ///   - batch: The number of samples of a batch; more than there are count as all.
  /// - Precondition: `samples` is not empty, `client` not negative, `batch` positive.
  public init(samples: [Int32], client: Int, seed: UInt64, batch: Int) {
    precondition(!samples.isEmpty && client >= 0 && batch > 0, "no samples, client or batch")
    self.samples = samples
    self.client = client
    self.seed = seed
    self.batch = min(batch, samples.count)
  }

  /// The number of batches of an epoch.
  public var batchesPerEpoch: Int { (samples.count + batch - 1) / batch }

  /// The number of samples of a draw.
  ///
  /// - Precondition: `draw` is not negative.
  public func sampleCount(draw: Int) -> Int {
    entries(draw: draw).count
  }

  /// Writes the numbers of the samples of a draw.
  ///
  /// - Parameters:
  ///   - draw: The number of the client's draw, from 0; draws may come in any order.
  ///   - numbers: At least `batch` elements, of which the first ones are overwritten.
  /// - Returns: The number of samples, positive.
  /// - Complexity: O(`batch`) without allocation; O(n) when the epoch changes.
  public mutating func copySamples(
    draw: Int, into numbers: consuming MutableSpan<Int32>
  ) -> Int {
    let entries = entries(draw: draw)
    if draw / batchesPerEpoch != epoch {
      epoch = draw / batchesPerEpoch
      let stream = RandomStream(seed: seed, purpose: .clientEpoch, owner: client, step: epoch)
      order = stream.permutation(count: samples.count)
    }
    for (place, entry) in entries.enumerated() {
      numbers[place] = samples[Int(order[entry])]
    }
    return entries.count
  }

  private func entries(draw: Int) -> Range<Int> {
    precondition(draw >= 0, "draw \(draw) is negative")
    let start = draw % batchesPerEpoch * batch
    return start..<min(start + batch, samples.count)
  }
}
