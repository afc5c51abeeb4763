/// A test function written as a formula, with a noise model in place of samples.
///
/// Value and gradient are known exactly, so that an experiment can tell how far a method is from
/// the minimum. The noise is a function of the position in the run alone.
///
/// A vector of parameters holds `copies` independent repetitions side by side, copy c in the c-th
/// of `copies` equal parts. Sign descent acts coordinate by coordinate, so one run over C copies
/// is C runs over one. The noise of copies is independent. The loss is the *sum* over copies, so
/// that the gradient of each copy is that of the copy alone.
///
/// Batches have width 0: a batch of B samples stands for the mean of B draws of the gradient.
public protocol ClosedFormObjective: Objective {
  /// The number of independent repetitions in one vector of parameters.
  var copies: Int { get }

  /// The loss of one copy without noise.
  ///
  /// - Parameters:
  ///   - parameters: `layout.count` elements.
  ///   - copy: The copy, below `copies`.
  func value(at parameters: Span<Float>, copy: Int) -> Double

  /// Writes the gradient without noise, or the documented one of several subgradients.
  ///
  /// - Parameters:
  ///   - parameters: `layout.count` elements.
  ///   - gradient: `layout.count` elements, all written.
  func exactGradient(at parameters: Span<Float>, into gradient: consuming MutableSpan<Float>)

  /// Writes the mean of several noisy draws of the gradient.
  ///
  /// The same arguments give the same bits.
  ///
  /// - Parameters:
  ///   - parameters: `layout.count` elements.
  ///   - position: What the noise is drawn for.
  ///   - samples: The number of draws, positive.
  ///   - gradient: `layout.count` elements, all written.
  func stochasticGradient(
    at parameters: Span<Float>, position: NoisePosition, samples: Int,
    into gradient: consuming MutableSpan<Float>)
}

extension ClosedFormObjective {
  /// The number of classes, or nil where there is nothing to predict.
  public var classCount: Int? { nil }

  /// The number of coordinates of one copy.
  public var dimension: Int { layout.count / copies }

  /// The loss without noise, summed over the copies.
  ///
  /// - Parameter parameters: `layout.count` elements.
  public func value(at parameters: Span<Float>) -> Double {
    var sum = 0.0
    for copy in 0..<copies {
      sum += value(at: parameters, copy: copy)
    }
    return sum
  }

  /// The loss without noise and the mean of `batch.count` noisy gradients, see `Objective`.
  ///
  /// The position of the noise is `batch.noise`.
  public func gradient(
    at parameters: Span<Float>, on batch: borrowing Batch,
    into gradient: consuming MutableSpan<Float>
  ) -> Double {
    precondition(batch.count > 0, "the gradient of an empty batch")
    stochasticGradient(
      at: parameters, position: batch.noise, samples: batch.count, into: gradient)
    return value(at: parameters)
  }

  /// The loss without noise, times the number of samples, see `Objective`.
  public func evaluate(
    at parameters: Span<Float>, on batch: borrowing Batch,
    predictions: consuming MutableSpan<Int32>
  ) -> Double {
    batch.count == 0 ? 0 : Double(batch.count) * value(at: parameters)
  }

  /// The coordinates of a copy, after a check of the parameters.
  func coordinates(of copy: Int, in parameters: Span<Float>) -> Range<Int> {
    precondition(parameters.count == layout.count, "parameters of another layout")
    precondition(copy >= 0 && copy < copies, "copy \(copy) outside 0..<\(copies)")
    return copy * dimension..<(copy + 1) * dimension
  }

  /// Stops at vectors of another length.
  func check(_ parameters: Span<Float>, gradientCount: Int, samples: Int = 1) {
    precondition(parameters.count == layout.count, "parameters of another layout")
    precondition(gradientCount == layout.count, "a gradient of another layout")
    precondition(samples > 0, "the mean of \(samples) draws")
  }
}

extension ParameterLayout {
  /// One tensor `x` of `copies` · `dimension` elements.
  ///
  /// - Throws: When there is no copy, no dimension, or too much of them.
  init(copies: Int, dimension: Int) throws(ParameterLayoutError) {
    // The product is checked as that of a shape, then laid out flat: weight decay leaves it alone.
    let count = try Self([(name: "x", shape: [copies, dimension])]).count
    try self.init([(name: "x", shape: [count])])
  }
}
