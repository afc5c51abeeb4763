import AlignedBuffers
import MPIKit
import Objectives
import Voting

/// Evaluates parameters, the samples divided over the ranks.
///
/// Rank r takes the r-th of N contiguous parts. The sums of the ranks are added in rank order, so
/// the result is the same on all of them.
final class Evaluator {
  /// Samples per call of the objective, at most.
  static let batchCapacity = 256

  private let workload: Workload
  private let communicator: Communicator
  private let patience: Patience
  private let statistics: StatisticsMean?
  private var batch: Batch
  private var predictions: AlignedBuffer<Int32>
  /// For each rank: sum of losses, their number, size of each class, correct ones of each class.
  private var sums: MessageBuffer<Double>

  /// Prepares evaluations.
  ///
  /// Collective: duplicates the communicator.
  ///
  /// - Parameter statistics: Forms the mean of running statistics before each evaluation; nil where
  ///   there are none, or where they stay as they are.
  init(
    workload: Workload, statistics: StatisticsMean? = nil, patience: Patience,
    world: borrowing Communicator
  ) throws(MPIError) {
    self.workload = workload
    self.statistics = statistics
    communicator = try world.duplicate()
    self.patience = patience
    batch = workload.makeBatch(capacity: workload.evaluationBatch)
    predictions = AlignedBuffer(repeating: 0, count: batch.capacity)
    let classes = workload.objective.classCount ?? 0
    sums = MessageBuffer(count: (2 + 2 * classes) * world.size, maximumRequests: 1)
  }

  /// Evaluates on a set of samples.
  ///
  /// Collective.
  func evaluate(_ parameters: Span<Float>, on split: Evaluation.Split) throws -> Evaluation {
    let start = Clock.seconds
    try statistics?.form()
    let classes = workload.objective.classCount ?? 0
    let stride = 2 + 2 * classes
    let first = communicator.rank * stride
    sums.withMutableSpan(in: first..<first + stride) { own in
      for index in own.indices { own[index] = 0 }
    }
    let part = workload.part(of: split, rank: communicator.rank, ranks: communicator.size)
    for low in Swift.stride(from: part.lowerBound, to: part.upperBound, by: batch.capacity) {
      let range = low..<min(low + batch.capacity, part.upperBound)
      workload.load(&batch, from: split, range)
      try add(parameters, classes: classes, at: first)
      patience.whileWaiting()
    }
    try sums.startAllGather(countPerRank: stride, on: communicator)
    try sums.wait(patience, during: "evaluation", on: communicator)
    return total(split, classes: classes, seconds: Clock.seconds - start)
  }

  /// Adds the loaded batch to the own sums.
  private func add(_ parameters: Span<Float>, classes: Int, at first: Int) throws {
    let loss = try workload.objective.evaluate(
      at: parameters, on: batch, predictions: predictions.mutableSpan)
    sums.withMutableSpan(in: first..<first + 2 + 2 * classes) { own in
      own[0] += loss
      own[1] += Double(workload.objective.lossCount(of: batch))
      guard classes > 0 else { return }
      for sample in 0..<batch.count {
        let label = Int(batch.labels[sample])
        own[2 + label] += 1
        if Int(predictions[sample]) == label { own[2 + classes + label] += 1 }
      }
    }
  }

  private func total(_ split: Evaluation.Split, classes: Int, seconds: Double) -> Evaluation {
    let stride = 2 + 2 * classes
    func sum(_ field: Int) -> Double {
      (0..<communicator.size).reduce(0) { total, rank in
        total + sums.withSpan(in: rank * stride..<(rank + 1) * stride) { $0[field] }
      }
    }
    let samples = sum(1)
    return Evaluation(
      split: split, samples: Int(samples), loss: sum(0) / max(samples, 1),
      isText: workload.isText,
      classSizes: (0..<classes).map { Int(sum(2 + $0)) },
      correct: (0..<classes).map { Int(sum(2 + classes + $0)) }, seconds: seconds)
  }
}
