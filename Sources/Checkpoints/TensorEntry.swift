/// A named tensor within a flat buffer of parameters.
public struct TensorEntry: Hashable, Sendable {
  /// The name, as it stands in the file.
  public let name: String
  /// The dimensions, the slowest first; empty for a single number.
  public let shape: [Int]
  /// Its elements in the flat buffer.
  public let range: Range<Int>

  /// A tensor.
  ///
  /// - Precondition: `range` has as many elements as `shape`.
  public init(name: String, shape: [Int], range: Range<Int>) {
    precondition(shape.reduce(1, *) == range.count, "\(name): \(shape) in \(range.count) elements")
    self.name = name
    self.shape = shape
    self.range = range
  }

  /// The tensor as it stands in a file.
  var description: TensorDescription { TensorDescription(name: name, shape: shape) }
}
