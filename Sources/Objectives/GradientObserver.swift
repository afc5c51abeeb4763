/// Watches a gradient come about, to use the parts of it that are final while the rest is computed.
public protocol GradientObserver: AnyObject {
  /// The gradient in some coordinates will not change any more.
  ///
  /// Whole tensors, from the last ones to the first without gaps.
  ///
  /// - Parameters:
  ///   - gradient: `layout.count` elements, of which those of the coordinates may be read.
  ///   - coordinates: The coordinates.
  ///   - loss: The mean loss over the batch.
  func gradient(
    _ gradient: Span<Float>, isFinalIn coordinates: Range<Int>, loss: Double) throws

  /// A piece of work is done, some milliseconds at the most since the last one.
  func didWork() throws
}
