import CounterRandom
import Foundation
import Testing

@testable import Datasets

@Suite("Client partition")
struct ClientPartitionTests {
  /// 1000 samples of 10 classes, in random order; every third sample is not for training.
  private let labels: [Int32] = {
    let stream = RandomStream(seed: 11, purpose: .initialization)
    return (0..<1500).map { Int32(stream.below(10, at: $0)) }
  }()
  private var training: [Int32] { (0..<1500).filter { $0 % 3 != 1 } }

  private func divide(
    _ text: String, clients: Int, seed: UInt64 = 1
  ) throws -> [[Int32]] {
    try #require(ClientPartition(text)).divide(
      training: training, labels: labels, clients: clients, seed: seed)
  }

  /// The mean over clients of the share of the class that the client has most of.
  private func skew(_ parts: [[Int32]]) -> Double {
    let counts = ClientPartition.classCounts(of: parts, labels: labels, classCount: 10)
    let shares = counts.map { Double($0.max() ?? 0) / Double($0.reduce(0, +)) }
    return shares.reduce(0, +) / Double(parts.count)
  }

  @Test(
    arguments: ["iid", "dirichlet:0.01", "dirichlet:1", "dirichlet:1e9", "shards:1", "shards:2"],
    [1, 2, 7, 200])
  func division_coversExactlyOnce(text: String, clients: Int) throws {
    let parts = try divide(text, clients: clients)
    #expect(parts.count == clients)
    #expect(parts.joined().sorted() == training)
    #expect(parts.allSatisfy { !$0.isEmpty && $0 == $0.sorted() })
    #expect(try divide(text, clients: clients) == parts)
    // Two shards are dealt in the same order by half of all seeds.
    if clients > 2 { #expect(try divide(text, clients: clients, seed: 2) != parts) }
    if !text.hasPrefix("dirichlet") {
      let sizes = parts.map(\.count)
      // Of shards, whose sizes differ by one, each client has the same number.
      let spread = text == "shards:2" ? 2 : 1
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= spread)
    }
  }

  @Test func shared_givesAllToEach() throws {
    #expect(try divide("shared", clients: 3) == [training, training, training])
  }

  @Test func iid_followsThePermutation() throws {
    let order = RandomStream(seed: 1, purpose: .partition).permutation(count: 1000)
    let parts = try divide("iid", clients: 3)
    #expect(parts.map(\.count) == [334, 333, 333])
    #expect(parts[1] == order[334..<667].map { training[Int($0)] }.sorted())
  }

  @Test func dirichlet_isMoreSkewedForSmallerConcentrations() throws {
    for seed: UInt64 in 1...5 {
      let small = skew(try divide("dirichlet:0.1", clients: 20, seed: seed))
      let middle = skew(try divide("dirichlet:1", clients: 20, seed: seed))
      let large = skew(try divide("dirichlet:100", clients: 20, seed: seed))
      let even = skew(try divide("iid", clients: 20, seed: seed))
      // 0.1 is the least possible of ten classes.
      #expect(small > 0.5 && middle > 0.25 && middle < 0.5 && large < 0.2 && even < 0.25)
    }
  }

  @Test func dirichlet_cutsEachClassByItsShares() throws {
    let parts = try divide("dirichlet:5", clients: 4)
    let counts = ClientPartition.classCounts(of: parts, labels: labels, classCount: 10)
    for label in 0..<10 {
      let own = training.filter { labels[Int($0)] == label }
      let stream = RandomStream(seed: 1, purpose: .partition, owner: label)
      let shares = stream.dirichlet(concentration: 5, count: 4)
      #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
      var cuts = (0..<3).map { Int(shares[0...$0].reduce(0, +) * Double(own.count)) }
      cuts.append(own.count)
      #expect(counts.map { $0[label] } == zip(cuts, [0] + cuts).map { $0 - $1 })
      let first = stream.permutation(count: own.count).prefix(cuts[0]).map { own[Int($0)] }
      #expect(parts[0].filter { labels[Int($0)] == label } == first.sorted())
    }
  }

  /// At 1e-6 one client gets all of a class: ten hold all, and the others are given one each.
  @Test func dirichlet_mendsEmptyClients() throws {
    let parts = try divide("dirichlet:1e-6", clients: 200)
    let sizes = parts.map(\.count).sorted()
    #expect(sizes.filter { $0 == 1 }.count >= 190)
    let counts = ClientPartition.classCounts(of: parts, labels: labels, classCount: 10)
    for label in 0..<10 {
      #expect(counts.filter { $0[label] > 1 }.count == 1, "class \(label)")
    }
  }

  @Test func shards_holdFewClasses() throws {
    for (clients, perClient) in [(10, 1), (20, 2), (50, 2), (100, 2), (10, 5)] {
      let parts = try divide("shards:\(perClient)", clients: clients)
      let counts = ClientPartition.classCounts(of: parts, labels: labels, classCount: 10)
      let classes = counts.map { $0.filter { $0 > 0 }.count }
      // A shard no longer than the smallest class meets two classes at most, and the nine
      // boundaries between classes lie in nine shards at most.
      #expect(classes.allSatisfy { $0 <= 2 * perClient })
      #expect(classes.reduce(0, +) <= clients * perClient + 9)
    }
  }

  /// Classes of one size that the shards divide: K classes at most.
  @Test func shards_ofEqualClasses() throws {
    let labels = (0..<1000).map { Int32($0 % 10) }
    for perClient in [1, 2, 4] {
      let parts = try ClientPartition.shards(perClient: perClient).divide(
        training: Array(0..<1000), labels: labels, clients: 25 * 4 / perClient, seed: 3)
      let counts = ClientPartition.classCounts(of: parts, labels: labels, classCount: 10)
      #expect(counts.allSatisfy { $0.filter { $0 > 0 }.count <= perClient })
      #expect(counts.joined().reduce(0, +) == 1000)
    }
  }

  @Test func classCounts_countEachClass() {
    let counts = ClientPartition.classCounts(
      of: [[0, 2], [], [1, 1, 3]], labels: [2, 0, 2, 1], classCount: 3)
    #expect(counts == [[0, 0, 2], [0, 0, 0], [2, 1, 0]])
  }

  @Test(arguments: ["shared", "iid", "dirichlet:1", "shards:1"])
  func moreClientsThanSamples_isRefused(text: String) {
    let error = #expect(throws: DatasetError.self) { try divide(text, clients: 1001) }
    #expect(error?.defect == .moreClientsThanSamples(clients: 1001, samples: 1000))
    #expect(error?.description.contains("\n") == false)
    #expect(error?.description.contains("choose 1000 clients or fewer") == true)
  }

  @Test(arguments: [(501, 2), (1, 1001), (2, Int.max)])
  func moreShardsThanSamples_isRefused(clients: Int, perClient: Int) {
    let error = #expect(throws: DatasetError.self) {
      try divide("shards:\(perClient)", clients: clients)
    }
    #expect(
      error?.defect
        == .moreShardsThanSamples(clients: clients, perClient: perClient, samples: 1000))
  }

  @Test(arguments: ["shared", "iid", "dirichlet:0.1", "dirichlet:1e-06", "shards:2"])
  func text_roundTrips(text: String) {
    #expect(ClientPartition(text)?.description == text)
  }

  @Test(arguments: [
    "", "Iid", "iid:2", "dirichlet", "dirichlet:", "dirichlet:0", "dirichlet:-1",
    "dirichlet:nan", "dirichlet:inf", "dirichlet:1:2", "shards", "shards:0", "shards:-2",
    "shards:1.5",
  ])
  func text_refused(text: String) {
    #expect(ClientPartition(text) == nil)
  }

  @Test(arguments: [0.2, 0.999, 1, 2.5, 400])
  func gamma_hasItsMoments(shape: Double) {
    let count = 5000
    let stream = RandomStream(seed: 5, purpose: .partition, owner: 3)
    let values = (0..<count).map { exp(stream.logarithmOfGamma(shape: shape, at: $0)) }
    let mean = values.reduce(0, +) / Double(count)
    let variance = values.reduce(0) { $0 + ($1 - shape) * ($1 - shape) } / Double(count)
    // Mean and variance are both the shape; the fourth central moment is 3 shape² + 6 shape.
    #expect(abs(mean - shape) < 5 * (shape / Double(count)).squareRoot())
    let error = ((2 * shape * shape + 6 * shape) / Double(count)).squareRoot()
    #expect(abs(variance - shape) < 5 * error)
  }

  /// The mean and variance of the logarithm are digamma and trigamma of the shape (tables).
  @Test(arguments: [
    (0.001, -1000.57557, 1_000_001.64), (0.1, -10.42375, 101.43330), (0.5, -1.96351, 4.93480),
    (1, -0.57722, 1.64493), (10, 2.25175, 0.10517),
  ])
  func gamma_hasTheMomentsOfItsLogarithm(shape: Double, mean: Double, variance: Double) {
    let count = 5000
    let stream = RandomStream(seed: 6, purpose: .partition)
    let values = (0..<count).map { stream.logarithmOfGamma(shape: shape, at: $0) }
    let sum = values.reduce(0, +)
    #expect(abs(sum / Double(count) - mean) < 5 * (variance / Double(count)).squareRoot())
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    // The kurtosis of a log-gamma variate is at most 9, that of an exponential's tail.
    #expect(abs(squares / variance - 1) < 5 * (8 / Double(count)).squareRoot())
  }
}
