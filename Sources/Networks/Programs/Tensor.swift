/// Numbers that operations of a program read or write.
@safe
final class Tensor {
  /// Where the numbers lie.
  enum Home: Hashable {
    /// In the arena, for as long as operations need them.
    case arena
    /// In the features of the batch.
    case features
    /// In the flat parameters, from an element on.
    case parameters(Int)
    /// In the flat gradient.
    case gradient(Int)
    /// In the running statistics that evaluation takes.
    case statistics(Int)
  }

  let memory: Memory
  let home: Home
  /// The first number, where they lie now.
  private(set) var address: UnsafeMutablePointer<Float>?
  /// The gradient of the loss by these numbers, once the backward pass knows it.
  var gradient: Tensor?
  /// Copies in other formats.
  var copies: [Tensor] = []
  /// The first and the last moment at which an operation needs it.
  private(set) var life: ClosedRange<Int>?

  init(_ engine: Engine, _ format: Format, home: Home = .arena) throws(OneDNNError) {
    memory = try Memory(engine, format)
    self.home = home
  }

  /// The first number of a tensor that has its place.
  var numbers: UnsafeMutablePointer<Float> {
    guard let address = unsafe address else { preconditionFailure("not settled") }
    return unsafe address
  }

  /// The first number of a tensor of another type that has its place.
  func numbers<Number>(as type: Number.Type) -> UnsafeMutablePointer<Number> {
    unsafe UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: type)
  }

  var format: Format { memory.format }
  /// The lengths of the dimensions, the batch first where there is one.
  var shape: [Int] { format.shape }

  /// Says where the numbers lie.
  func point(at start: UnsafeMutablePointer<Float>?) throws(OneDNNError) {
    unsafe address = unsafe start
    try unsafe memory.point(at: UnsafeMutableRawPointer(start))
  }

  /// Keeps the numbers up to a moment.
  func use(at moment: Int) {
    life = min(life?.lowerBound ?? moment, moment)...max(life?.upperBound ?? moment, moment)
  }
}

extension Tensor {
  /// A matrix in plain memory.
  var matrix: Matrix { unsafe Matrix(numbers, stride: shape[1]) }

  /// Whether the rows of a plain matrix begin a multiple of 2 kB apart and so compete for few lines of
  /// the cache, or those of weights behind it do.
  var rowsCompete: Bool { shape.count == 2 && shape[1] % 512 == 0 }
}
