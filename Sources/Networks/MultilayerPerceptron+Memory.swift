internal import AlignedBuffers
internal import Objectives

/// A layer's outputs, or the gradients by them: numbers that a model keeps for all its calls.
@safe
final class Activations {
  var numbers: AlignedBuffer<Float>
  /// The first number, for oneDNN; valid as long as this object lives.
  let address: UnsafeMutableRawPointer?

  init(count: Int) {
    var numbers = AlignedBuffer<Float>(repeating: 0, count: count)
    var span = numbers.mutableSpan
    unsafe address = span.withUnsafeMutableBufferPointer {
      UnsafeMutableRawPointer($0.baseAddress)
    }
    self.numbers = numbers
  }

  /// Sets the first `count` gradients to zero where ReLU cut off the layer's output.
  func cutOff(where outputs: Activations, count: Int) {
    Self.cutOff(&numbers, where: outputs.numbers, count: count)
  }

  private static func cutOff(
    _ deltas: inout AlignedBuffer<Float>, where outputs: borrowing AlignedBuffer<Float>, count: Int
  ) {
    precondition(count <= deltas.count && count <= outputs.count, "too many neurons")
    var span = deltas.mutableSpan
    unsafe span.withUnsafeMutableBufferPointer { deltas in
      unsafe outputs.span.withUnsafeBufferPointer { outputs in
        let (deltas, outputs) = (
          UnsafeMutableRawBufferPointer(deltas), UnsafeRawBufferPointer(outputs)
        )
        let whole = count & ~15
        for index in stride(from: 0, to: whole, by: 16) {
          // Vectors by hand: the compiler leaves the plain loop scalar, 7 % of a step.
          let output = unsafe outputs.load(fromByteOffset: 4 * index, as: SIMD16<Float>.self)
          var delta = unsafe deltas.load(fromByteOffset: 4 * index, as: SIMD16<Float>.self)
          delta.replace(with: 0, where: output .<= 0)
          unsafe deltas.storeBytes(of: delta, toByteOffset: 4 * index, as: SIMD16<Float>.self)
        }
        for index in whole..<count
        where unsafe outputs.load(fromByteOffset: 4 * index, as: Float.self) <= 0 {
          unsafe deltas.storeBytes(of: 0, toByteOffset: 4 * index, as: Float.self)
        }
      }
    }
  }
}

/// A layer's weight and bias within a flat vector, as oneDNN sees them.
struct LayerMemory {
  let weight: Memory
  let bias: Memory
  private let weightStart: Int
  private let biasStart: Int

  init(_ engine: Engine, _ weight: NamedTensor, _ bias: NamedTensor) throws(OneDNNError) {
    self.weight = try Memory(engine, shape: weight.shape)
    self.bias = try Memory(engine, shape: bias.shape)
    weightStart = weight.range.lowerBound
    biasStart = bias.range.lowerBound
  }

  /// Points both tensors into the flat vector that starts at `flat`.
  func point(into flat: UnsafeMutablePointer<Float>) throws(OneDNNError) {
    try unsafe weight.point(at: UnsafeMutableRawPointer(flat + weightStart))
    try unsafe bias.point(at: UnsafeMutableRawPointer(flat + biasStart))
  }
}
