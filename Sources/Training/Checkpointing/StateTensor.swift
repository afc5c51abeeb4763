import AlignedBuffers
import Checkpoints

/// A tensor of a run's state beside the parameters, as it is lent to be saved or restored.
struct StateTensor {
  /// What becomes of it with another number of ranks.
  enum Place: Equatable {
    /// The same on all ranks.
    case shared
    /// The rank's own, such as its momentum: ranks that are merged take the mean, ranks that are
    /// added a copy.
    case rank
    /// The part from an element on of an array that all ranks hold together: it is divided anew.
    case slice(of: Int, from: Int)
  }

  let name: String
  let place: Place
  let type: ElementType
  let shape: [Int]

  init(name: String, place: Place, type: ElementType = .float32, shape: [Int]) {
    self.name = name
    self.place = place
    self.type = type
    self.shape = shape
  }

  /// The tensor as it stands in a file.
  var description: TensorDescription {
    TensorDescription(name: name, type: type, shape: shape)
  }

  /// The range of a slice as the metadata of a file tell it.
  var sliceText: String? {
    guard case .slice(let count, let first) = place else { return nil }
    return "\(first) \(count)"
  }
}

/// Takes a tensor of the state: reads its bytes, or overwrites them.
typealias StateVisitor = (StateTensor, consuming MutableRawSpan) throws -> Void

/// The elements that state consists of.
protocol StateElement: BitwiseCopyable {
  static var elementType: ElementType { get }
}

extension Float: StateElement {
  static var elementType: ElementType { .float32 }
}

extension UInt64: StateElement {
  static var elementType: ElementType { .unsigned64 }
}

extension AlignedBuffer where Element: StateElement {
  /// Lends the whole buffer as one tensor.
  mutating func visit(
    _ name: String, _ place: StateTensor.Place, _ body: StateVisitor
  ) throws {
    let tensor = StateTensor(
      name: name, place: place, type: Element.elementType, shape: [count])
    var span = mutableSpan
    try body(tensor, span.mutableBytes)
  }
}

extension Electorate {
  /// The place of a tensor with so many elements for each hosted voter.
  func place(elementsPerVoter count: Int) -> StateTensor.Place {
    areClients
      ? .slice(of: Memory.product(self.count, count), from: hosted.lowerBound * count) : .rank
  }
}
