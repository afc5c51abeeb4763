internal import AlignedBuffers

/// Where the tensors of a program lie in an arena.
struct ArenaPlan {
  /// The size in bytes.
  private(set) var byteCount = 0
  /// The first byte of each tensor.
  private(set) var places: [(tensor: Tensor, start: Int)] = []

  /// Places tensors so that no two that live at a time overlap: the largest first, each as low as it
  /// can lie.
  init(_ tensors: [Tensor]) {
    var placed: [(life: ClosedRange<Int>, bytes: Range<Int>)] = []
    let sized = tensors.map { ($0, ($0.format.byteCount + 63) & ~63) }
    for (tensor, size) in sized.sorted(by: { $0.1 > $1.1 }) {
      guard let life = tensor.life else { continue }
      var start = 0
      let taken = placed.filter { $0.life.overlaps(life) }
      for other in taken.sorted(by: { $0.bytes.lowerBound < $1.bytes.lowerBound })
      where other.bytes.lowerBound < start + size {
        start = max(start, other.bytes.upperBound)
      }
      placed.append((life, start..<start + size))
      places.append((tensor, start))
      byteCount = max(byteCount, start + size)
    }
  }
}

/// The memory of activations, their gradients, weights in other formats and scratch.
@safe
final class Arena {
  let byteCount: Int
  private var numbers: AlignedBuffer<Float>
  /// The first number; valid as long as this object lives.
  let address: UnsafeMutablePointer<Float>?

  init(byteCount: Int) {
    self.byteCount = byteCount
    var numbers = AlignedBuffer<Float>(repeating: 0, count: byteCount / 4)
    var span = numbers.mutableSpan
    unsafe address = span.withUnsafeMutableBufferPointer { $0.baseAddress }
    self.numbers = numbers
  }
}
