/// One named tensor in the flat vector of parameters.
public struct NamedTensor: Sendable, Hashable {
  /// The name, unique in its layout, as files carry it.
  public let name: String
  /// The lengths of the dimensions, the slowest first.
  public let shape: [Int]
  /// The tensor's elements in the flat vector, row-major.
  public let range: Range<Int>
}

/// How the flat vector of parameters is divided into named tensors.
///
/// The tensors follow each other without gaps, in the order given.
public struct ParameterLayout: Sendable, Hashable {
  /// The largest number of parameters accepted: 2^40, 4 TiB in Float32.
  public static var maximumCount: Int { 1 << 40 }

  /// The tensors in the order of the flat vector.
  public let tensors: [NamedTensor]
  /// The number of parameters.
  public let count: Int
  /// The ranges that weight decay applies to: tensors of two or more dimensions but those that were
  /// named to be left alone, neighbours merged.
  public let decayedRanges: [Range<Int>]

  /// A layout of tensors, one after the other.
  ///
  /// - Parameters:
  ///   - tensors: Names and shapes; an empty shape is a scalar.
  ///   - undecayed: Names that weight decay leaves alone, whatever their shapes.
  /// - Throws: When a dimension is not positive or the tensors hold more than `maximumCount`
  ///   elements.
  /// - Precondition: No name is given twice.
  public init(
    _ tensors: [(name: String, shape: [Int])], undecayed: Set<String> = []
  ) throws(ParameterLayoutError) {
    precondition(Set(tensors.map(\.name)).count == tensors.count, "a tensor's name is used twice")
    var placed: [NamedTensor] = []
    var end = 0
    for (name, shape) in tensors {
      guard shape.allSatisfy({ $0 > 0 }) else {
        throw .dimensionNotPositive(tensor: name, shape: shape)
      }
      let start = end
      guard let size = Self.product(of: shape), size <= Self.maximumCount - start else {
        throw .tooManyParameters(tensor: name, shape: shape)
      }
      end += size
      placed.append(NamedTensor(name: name, shape: shape, range: start..<end))
    }
    self.tensors = placed
    count = end
    decayedRanges = Self.merged(
      placed.filter { $0.shape.count >= 2 && !undecayed.contains($0.name) })
  }

  /// Whether weight decay applies to one of the tensors.
  public func isDecayed(_ tensor: NamedTensor) -> Bool {
    decayedRanges.contains { $0.contains(tensor.range.lowerBound) }
  }

  private static func product(of shape: [Int]) -> Int? {
    var product = 1
    for length in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: length)
      guard !overflow else { return nil }
      product = next
    }
    return product
  }

  private static func merged(_ tensors: [NamedTensor]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for range in tensors.map(\.range) {
      if let last = ranges.last, last.upperBound == range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else {
        ranges.append(range)
      }
    }
    return ranges
  }
}

extension ParameterLayout: CustomStringConvertible {
  /// Names and shapes in order, such as `layer0.weight[256, 784] layer0.bias[256]`.
  ///
  /// Equal for two layouts exactly when names and shapes are (names hold no blanks).
  public var description: String {
    tensors.map { "\($0.name)\($0.shape)" }.joined(separator: " ")
  }
}

/// Why tensors do not make a layout.
public enum ParameterLayoutError: Error, Hashable, CustomStringConvertible {
  /// A length of a dimension is zero or negative.
  case dimensionNotPositive(tensor: String, shape: [Int])
  /// With this tensor the parameters are more than `ParameterLayout.maximumCount`.
  case tooManyParameters(tensor: String, shape: [Int])

  /// One line: what is wrong with which tensor, and what to do.
  public var description: String {
    switch self {
    case .dimensionNotPositive(let tensor, let shape):
      "tensor \(tensor) has the shape \(shape); expected every length to be 1 or more: "
        + "correct the model's widths"
    case .tooManyParameters(let tensor, let shape):
      "tensor \(tensor) with the shape \(shape) brings the model above "
        + "\(ParameterLayout.maximumCount) parameters: choose smaller widths"
    }
  }
}
