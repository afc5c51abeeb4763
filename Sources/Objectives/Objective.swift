/// What is minimised: a mean of losses over samples, as a function of a flat vector of parameters.
///
/// The training loop owns the parameters and the gradient; an objective owns its scratch memory,
/// allocated once. An objective is used by one thread at a time. All calls are local to the rank.
public protocol Objective: AnyObject {
  /// The named tensors of the parameters.
  var layout: ParameterLayout { get }

  /// The number of classes that `evaluate` predicts, or nil where there is nothing to predict.
  var classCount: Int? { get }

  /// What it gathers of its batches beside the parameters; nil where there is nothing such.
  ///
  /// By default there is none.
  var statistics: RunningStatistics? { get }

  /// Writes the initial parameters: a function of the seed alone, the same on every rank.
  ///
  /// - Parameters:
  ///   - parameters: `layout.count` elements, all written.
  ///   - seed: The seed of the run.
  func initialize(_ parameters: consuming MutableSpan<Float>, seed: UInt64)

  /// The mean loss over a batch and its complete gradient.
  ///
  /// The result is a function of the arguments (and of what an implementation documents, such as
  /// its number of threads), bit for bit. A loss or gradient may be NaN or infinite, it never traps.
  ///
  /// - Parameters:
  ///   - parameters: `layout.count` elements.
  ///   - batch: At least one sample.
  ///   - gradient: `layout.count` elements, all written.
  /// - Returns: The mean loss.
  /// - Throws: `ObjectiveError` where the batch's features do not fit the model; errors of the
  ///   numerical library.
  func gradient(
    at parameters: Span<Float>, on batch: borrowing Batch,
    into gradient: consuming MutableSpan<Float>
  ) throws -> Double

  /// The same, while an observer is told of the parts of the gradient that are final.
  ///
  /// What it was not told of is final when the call returns. The default tells nothing.
  ///
  /// - Throws: As `gradient(at:on:into:)`, and errors of the observer.
  func gradient(
    at parameters: Span<Float>, on batch: borrowing Batch,
    into gradient: consuming MutableSpan<Float>, observer: (any GradientObserver)?
  ) throws -> Double

  /// The number of losses whose mean is the loss of a batch; by default one a sample.
  func lossCount(of batch: borrowing Batch) -> Int

  /// The sum of the losses over a batch, and the predicted class of each sample.
  ///
  /// - Parameters:
  ///   - parameters: `layout.count` elements.
  ///   - batch: Any number of samples.
  ///   - predictions: At least `batch.count` elements; the first `batch.count` are written where
  ///     `classCount` is not nil. Of equal scores the lowest class is predicted.
  /// - Returns: The sum of the losses, 0 for an empty batch.
  /// - Throws: As `gradient` does.
  func evaluate(
    at parameters: Span<Float>, on batch: borrowing Batch,
    predictions: consuming MutableSpan<Int32>
  ) throws -> Double

  /// Whether `project` moves any point: the feasible set is not the whole space; false by default.
  var isConstrained: Bool { get }

  /// Moves parameters to the nearest point of the feasible set, in place, after each update.
  ///
  /// The default does nothing: every point is feasible.
  func project(_ parameters: consuming MutableSpan<Float>)
}

extension Objective {
  /// Tells the observer nothing.
  public func gradient(
    at parameters: Span<Float>, on batch: borrowing Batch,
    into gradient: consuming MutableSpan<Float>, observer: (any GradientObserver)?
  ) throws -> Double {
    try self.gradient(at: parameters, on: batch, into: gradient)
  }

  /// Nothing is gathered.
  public var statistics: RunningStatistics? { nil }

  /// One a sample.
  public func lossCount(of batch: borrowing Batch) -> Int { batch.count }

  /// Every point is feasible.
  public var isConstrained: Bool { false }

  /// Does nothing: every point is feasible.
  public func project(_ parameters: consuming MutableSpan<Float>) {}
}

/// Why a batch cannot be used with a model.
public enum ObjectiveError: Error, Hashable, CustomStringConvertible {
  /// The samples have another number of features than the model has inputs.
  case featureCount(model: String, expected: Int, found: Int)
  /// The samples are sparse and the model takes dense ones only.
  case sparseFeatures(model: String)

  /// One line: the model, what it expects, what it was given, and what to do.
  public var description: String {
    switch self {
    case .featureCount(let model, let expected, let found):
      "the \(model) has \(expected) inputs but a sample has \(found) features: "
        + "use the data that the model was made for"
    case .sparseFeatures(let model):
      "the \(model) takes dense samples but these are sparse: "
        + "use dense data, or the logistic model"
    }
  }
}
