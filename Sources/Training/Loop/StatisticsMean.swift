import AlignedBuffers
import MPIKit
import Objectives
import Voting

/// Forms the mean of the ranks' running statistics, which evaluations and files take.
///
/// Added in rank order in Double, divided by the number of ranks and rounded once: the same bits on
/// all ranks. The ranks' own stay as they are, and nothing else of a run depends on them.
final class StatisticsMean {
  /// The rank's own statistics, and the mean.
  let statistics: RunningStatistics
  private let communicator: Communicator
  private let patience: Patience
  private var messages: MessageBuffer<Float>

  /// Makes room for the statistics of all ranks.
  ///
  /// Collective: duplicates the communicator.
  init(
    _ statistics: RunningStatistics, patience: Patience, world: borrowing Communicator
  ) throws(MPIError) {
    self.statistics = statistics
    self.patience = patience
    communicator = try world.duplicate()
    messages = MessageBuffer(count: statistics.layout.count * world.size, maximumRequests: 1)
  }

  /// Forms the mean of the statistics as they are now.
  ///
  /// Collective.
  func form() throws {
    let count = statistics.layout.count
    let ranks = communicator.size
    let first = communicator.rank * count
    messages.withMutableSpan(in: first..<first + count) { own in
      for index in own.indices { own[index] = statistics.own[index] }
    }
    try messages.startAllGather(countPerRank: count, on: communicator)
    try messages.wait(patience, during: "the mean of running statistics", on: communicator)
    messages.withSpan(in: 0..<count * ranks) { all in
      for index in 0..<count {
        let sum = (0..<ranks).reduce(0.0) { $0 + Double(all[$1 * count + index]) }
        statistics.evaluated[index] = Float(sum / Double(ranks))
      }
    }
  }
}
