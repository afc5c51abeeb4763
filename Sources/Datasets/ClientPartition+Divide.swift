internal import CounterRandom
internal import Foundation

extension ClientPartition {
  /// The samples of each client.
  ///
  /// A function of the arguments alone, the same on every rank. Local.
  ///
  /// - Parameters:
  ///   - training: The numbers of the training samples, ascending, as `ValidationSplit` gives them.
  ///   - labels: The class of each sample of the data set, by number.
  ///   - clients: The number of clients.
  ///   - seed: The seed of the run.
  /// - Returns: For each client the numbers of its samples, ascending, one at least. Memory: 4
  ///   bytes a sample in all; the clients of `shared` share one array.
  /// - Throws: `DatasetError` when there are more clients, or shards, than samples.
  /// - Precondition: `clients` is positive; the numbers lie in `labels`; concentration and shards
  ///   are as `init(_:)` accepts them.
  /// - Complexity: O(n log n) for n samples; `dirichlet` adds clients · (classes + clients left
  ///   empty).
  public func divide(
    training: [Int32], labels: [Int32], clients: Int, seed: UInt64
  ) throws(DatasetError) -> [[Int32]] {
    precondition(clients > 0, "\(clients) clients")
    guard clients <= training.count else {
      throw DatasetError(
        file: "--clients \(clients)",
        .moreClientsThanSamples(clients: clients, samples: training.count))
    }
    let dealt: [[Int32]]
    switch self {
    case .shared:
      return [[Int32]](repeating: training, count: clients)
    case .iid:
      let order = RandomStream(seed: seed, purpose: .partition).permutation(count: training.count)
      let parts = ContiguousPartition(count: training.count, parts: clients)
      dealt = (0..<clients).map { client in parts[client].map { training[Int(order[$0])] } }
    case .dirichlet(let concentration):
      dealt = Self.mended(
        Self.dealByClass(
          Self.byClass(training, labels: labels), concentration: concentration, clients: clients,
          seed: seed))
    case .shards(let count):
      dealt = try dealShards(
        Self.byClass(training, labels: labels).flatMap(\.samples), perClient: count,
        clients: clients, seed: seed)
    }
    return dealt.map { $0.sorted() }
  }

  /// How many samples of each class each client holds.
  ///
  /// - Parameters:
  ///   - samples: For each client the numbers of its samples.
  ///   - labels: The class of each sample of the data set, by number.
  ///   - classCount: The number of classes.
  /// - Returns: For each client `classCount` numbers.
  /// - Precondition: The numbers lie in `labels`, the labels in 0..<`classCount`.
  public static func classCounts(
    of samples: [[Int32]], labels: [Int32], classCount: Int
  ) -> [[Int]] {
    samples.map { own in
      own.reduce(into: [Int](repeating: 0, count: classCount)) { counts, sample in
        counts[Int(labels[Int(sample)])] += 1
      }
    }
  }

  /// The samples of each class that occurs, by ascending class, in the order given.
  private static func byClass(
    _ training: [Int32], labels: [Int32]
  ) -> [(label: Int32, samples: [Int32])] {
    Dictionary(grouping: training) { labels[Int($0)] }
      .map { (label: $0.key, samples: $0.value) }
      .sorted { $0.label < $1.label }
  }

  /// Cuts each class by proportions of its own.
  private static func dealByClass(
    _ classes: [(label: Int32, samples: [Int32])], concentration: Double, clients: Int,
    seed: UInt64
  ) -> [[Int32]] {
    var dealt = [[Int32]](repeating: [], count: clients)
    for (label, samples) in classes {
      let stream = RandomStream(seed: seed, purpose: .partition, owner: Int(label))
      let order = stream.permutation(count: samples.count)
      let shares = stream.dirichlet(concentration: concentration, count: clients)
      var (start, sum) = (0, 0.0)
      for client in 0..<clients {
        sum += shares[client]
        let isLast = client == clients - 1
        let cut = isLast ? samples.count : min(Int(sum * Double(samples.count)), samples.count)
        dealt[client] += order[start..<cut].map { samples[Int($0)] }
        start = cut
      }
    }
    return dealt
  }

  /// Gives each client without a sample one of the client that has most.
  private static func mended(_ dealt: [[Int32]]) -> [[Int32]] {
    var dealt = dealt
    for client in dealt.indices where dealt[client].isEmpty {
      // The first of the largest: there are samples for all, so the largest has two or more.
      let donor = dealt.indices.reduce(0) { dealt[$1].count > dealt[$0].count ? $1 : $0 }
      dealt[client].append(dealt[donor].removeLast())
    }
    return dealt
  }

  /// Cuts samples in the order of their labels into shards and deals these.
  private func dealShards(
    _ samples: [Int32], perClient: Int, clients: Int, seed: UInt64
  ) throws(DatasetError) -> [[Int32]] {
    let (count, overflow) = clients.multipliedReportingOverflow(by: perClient)
    guard !overflow, count <= samples.count else {
      throw DatasetError(
        file: "--partition \(self)",
        .moreShardsThanSamples(clients: clients, perClient: perClient, samples: samples.count))
    }
    let shards = ContiguousPartition(count: samples.count, parts: count)
    let order = RandomStream(seed: seed, purpose: .partition).permutation(count: count)
    return (0..<clients).map { client in
      order[client * perClient..<(client + 1) * perClient].flatMap { samples[shards[Int($0)]] }
    }
  }
}

extension RandomStream {
  /// A draw of the symmetric Dirichlet distribution: gamma variates 0 to `count` - 1, over their
  /// sum.
  ///
  /// The sum is over the variates divided by the largest, so that it is never 0.
  func dirichlet(concentration: Double, count: Int) -> [Double] {
    let logarithms = (0..<count).map { logarithmOfGamma(shape: concentration, at: $0) }
    let largest = logarithms.max() ?? 0
    let parts = logarithms.map { exp($0 - largest) }
    let sum = parts.reduce(0, +)
    return parts.map { $0 / sum }
  }
}
