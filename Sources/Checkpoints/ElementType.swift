/// The types of elements that are written and read.
public enum ElementType: String, Hashable, Sendable, CaseIterable {
  /// Numbers: parameters, momenta.
  case float32 = "F32"
  /// Words: planes of signs, counts.
  case unsigned64 = "U64"

  /// Bytes of an element.
  public var byteCount: Int {
    switch self {
    case .float32: 4
    case .unsigned64: 8
    }
  }
}

/// A tensor that is written: its name, and what its bytes are.
public struct TensorDescription: Hashable, Sendable {
  /// The name, as it stands in the file.
  public let name: String
  /// What its elements are.
  public let type: ElementType
  /// The dimensions, the slowest first; empty for a single number.
  public let shape: [Int]

  /// A tensor.
  public init(name: String, type: ElementType = .float32, shape: [Int]) {
    self.name = name
    self.type = type
    self.shape = shape
  }

  /// The bytes of all elements.
  public var byteCount: Int { shape.reduce(type.byteCount, *) }
}
