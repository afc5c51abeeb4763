/// The loss and the accuracy on a set of samples.
public struct EvaluationRecord: Hashable, Sendable, Codable {
  /// Which samples are evaluated.
  public enum Split: String, Sendable, Codable {
    /// The samples that train.
    case train
    /// The samples held out of training.
    case validation
    /// The test set.
    case test
  }

  /// The number of steps done.
  public var step: Int
  /// The epoch, from 0.
  public var epoch: Int
  /// Which samples.
  public var split: Split
  /// The number of samples; of a text that of the predicted bytes.
  public var samples: Int
  /// The mean loss; of a text in nats per byte.
  public var loss: Double
  /// e to the power of the loss of a text.
  public var perplexity: Double?
  /// The share of samples whose class was found, from 0 to 1.
  public var accuracy: Double?
  /// The accuracy of each class.
  public var perClass: [Double]?
  /// How long it took.
  public var evaluationSeconds: Double

  /// An evaluation.
  public init(
    step: Int, epoch: Int, split: Split, samples: Int, loss: Double, perplexity: Double? = nil,
    accuracy: Double? = nil, perClass: [Double]? = nil, evaluationSeconds: Double
  ) {
    self.step = step
    self.epoch = epoch
    self.split = split
    self.samples = samples
    self.loss = loss
    self.perplexity = perplexity
    self.accuracy = accuracy
    self.perClass = perClass
    self.evaluationSeconds = evaluationSeconds
  }
}
