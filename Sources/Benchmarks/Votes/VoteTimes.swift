internal import MPIKit
internal import Voting

/// How long the repetitions took, in seconds, over all ranks.
struct VoteTimes {
  /// The least, mean and largest over the ranks of a rank's mean time.
  let minimum: Double
  let average: Double
  let maximum: Double
  /// The median and the quartiles over the repetitions of the ranks' mean time.
  ///
  /// Of votes back to back a rank that is late in one is early in the next, so the slowest rank of
  /// each says more about the order of the ranks than about the vote.
  let median: Double
  let lowQuartile: Double
  let highQuartile: Double
  /// The number of repetitions.
  let count: Int

  /// Joins the times of all ranks.
  ///
  /// Collective.
  init(_ own: [Double], on world: borrowing Communicator) throws(MPIError) {
    var means = [Double](repeating: 0, count: world.size)
    try world.allGather([own.reduce(0, +) / Double(own.count)].span, into: means.mutableSpan)
    minimum = means.min() ?? 0
    average = means.reduce(0, +) / Double(means.count)
    maximum = means.max() ?? 0
    var sums = own
    try world.allReduce(inPlace: sums.mutableSpan, operation: .sum)
    let sorted = sums.map { $0 / Double(means.count) }.sorted()
    median = Row.quantile(0.5, of: sorted)
    lowQuartile = Row.quantile(0.25, of: sorted)
    highQuartile = Row.quantile(0.75, of: sorted)
    count = own.count
  }
}

/// What a rank sends and receives in a vote, the mean over ranks and votes.
struct MeanTraffic {
  let bytesSent: Double
  let bytesReceived: Double
  let isModelled: Bool

  /// Joins the traffic of all ranks.
  ///
  /// Collective.
  init(_ own: Traffic, votes: Int, on world: borrowing Communicator) throws(MPIError) {
    var sums = [Double(own.bytesSent), Double(own.bytesReceived)]
    try world.allReduce(inPlace: sums.mutableSpan, operation: .sum)
    bytesSent = sums[0] / Double(votes * world.size)
    bytesReceived = sums[1] / Double(votes * world.size)
    isModelled = own.isModelled
  }
}
