import Foundation
public import RunLog

/// Loss and accuracy on a set of samples, over all ranks.
public struct Evaluation: Equatable, Sendable {
  /// Which samples: the test set, those held out, or the training set where there is nothing else.
  public typealias Split = EvaluationRecord.Split

  /// Which samples.
  public let split: Split
  /// How many; of a text the predicted bytes.
  public let samples: Int
  /// The mean loss; of a text in nats per byte.
  public let loss: Double
  /// Whether the samples are of a text.
  public let isText: Bool
  /// For each class, how many samples it has.
  public let classSizes: [Int]
  /// For each class, how many of its samples were predicted right.
  public let correct: [Int]
  /// How long it took, in seconds.
  public let seconds: Double

  /// e to the power of the loss of a text: among how many equally likely bytes it is in doubt.
  public var perplexity: Double? { isText ? exp(loss) : nil }

  /// The share of samples predicted right, 0 to 1; nil where there are no classes.
  public var accuracy: Double? {
    classSizes.isEmpty ? nil : Double(correct.reduce(0, +)) / Double(max(samples, 1))
  }

  /// The accuracy within each class; nil for a class without samples.
  public var classAccuracies: [Double?] {
    zip(correct, classSizes).map { $1 == 0 ? nil : Double($0) / Double($1) }
  }
}
