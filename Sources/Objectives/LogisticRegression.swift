internal import AlignedBuffers

/// Multinomial logistic regression on dense or sparse samples.
///
/// Parameters: `weight`, K x width row-major, and `bias`, K; all zero at the start. Loss: softmax
/// cross-entropy, mean over the batch.
///
/// Everything is computed in Double and rounded to Float32 once, at the end, so that an independent
/// replay in Double gives the same Float32 gradient but for rare halfway cases. To the bit:
///
/// - Score of class k: w_k0 x_0, w_k1 x_1, … are added, in ascending order, into eight sums by
///   column mod 8; the sums s are joined as ((s0+s4)+(s2+s6)) + ((s1+s5)+(s3+s7)); then the bias is
///   added. Absent values of sparse samples are skipped, which changes no bit of finite sums.
/// - Gradient: (p_k − [k = label]) x_j, and without x_j for the bias, added over ascending samples,
///   then divided by the number of samples.
///
/// Memory: 8 bytes per parameter beside the caller's.
public final class LogisticRegression: Objective {
  /// What an objective holds itself.
  public static let bytesPerParameter = 8

  /// The named tensors of the parameters.
  public let layout: ParameterLayout
  /// The number of classes, or nil where there is nothing to predict.
  public var classCount: Int? { classes }
  /// The number of features of a sample.
  public let width: Int
  let classes: Int
  /// The gradient's sums, in the order of the layout.
  var sums: AlignedBuffer<Double>
  /// The scores of one sample, then their gradient.
  var scores: AlignedBuffer<Double>

  /// A model of `classCount` classes.
  ///
  /// - Throws: When the sizes are not positive or their product is too large.
  public init(width: Int, classCount: Int) throws(ParameterLayoutError) {
    layout = try Self.layout(width: width, classCount: classCount)
    self.width = width
    classes = classCount
    sums = AlignedBuffer(repeating: 0, count: layout.count)
    scores = AlignedBuffer(repeating: 0, count: classCount)
  }

  /// The tensors of a model, without its memory.
  ///
  /// - Throws: When the sizes are not positive or their product is too large.
  public static func layout(
    width: Int, classCount: Int
  ) throws(ParameterLayoutError) -> ParameterLayout {
    try ParameterLayout([
      (name: "weight", shape: [classCount, width]), (name: "bias", shape: [classCount]),
    ])
  }

  /// Sets all parameters to zero, whatever the seed.
  public func initialize(_ parameters: consuming MutableSpan<Float>, seed: UInt64) {
    precondition(parameters.count == layout.count, "parameters of another layout")
    for index in 0..<parameters.count {
      parameters[index] = 0
    }
  }

  /// The mean loss over a batch and its complete gradient, see `Objective`.
  public func gradient(
    at parameters: Span<Float>, on batch: borrowing Batch,
    into gradient: consuming MutableSpan<Float>
  ) throws(ObjectiveError) -> Double {
    precondition(batch.count > 0, "the gradient of an empty batch")
    precondition(gradient.count == layout.count, "a gradient of another layout")
    try check(batch, parameters)
    sums.fill(with: 0)
    var loss = 0.0
    for sample in 0..<batch.count {
      loss += score(sample, of: batch, at: parameters).loss
      addGradient(of: sample, in: batch)
    }
    let count = Double(batch.count)
    for index in 0..<gradient.count {
      gradient[index] = Float(sums[index] / count)
    }
    return loss / count
  }

  /// The sum of the losses over a batch, and the predictions, see `Objective`.
  public func evaluate(
    at parameters: Span<Float>, on batch: borrowing Batch,
    predictions: consuming MutableSpan<Int32>
  ) throws(ObjectiveError) -> Double {
    try check(batch, parameters)
    var loss = 0.0
    for sample in 0..<batch.count {
      let result = score(sample, of: batch, at: parameters)
      loss += result.loss
      predictions[sample] = result.prediction
    }
    return loss
  }

  private func check(
    _ batch: borrowing Batch, _ parameters: Span<Float>
  ) throws(ObjectiveError) {
    precondition(parameters.count == layout.count, "parameters of another layout")
    guard batch.width == width else {
      throw .featureCount(model: "logistic model", expected: width, found: batch.width)
    }
  }
}
