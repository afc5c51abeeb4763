internal import CounterRandom
internal import Objectives

/// The place in a run that drop-out draws for, shared by the programs of a network.
final class NoiseSource {
  var position = NoisePosition(seed: 0, rank: 0, step: 0)
}

/// Zeros at random places, the same for the same seed, rank and step.
///
/// Number i of layer k is dropped when 32-bit word i mod 4 of block k · 2^32 + i div 4 of the stream
/// (seed, `dropout`, rank, step) is below probability · 2^32.
@safe
struct Dropout {
  /// What the numbers of blocks in a stream are enough for.
  static let maximumLayers = 1 << 12

  let layer: Int
  let count: Int
  let threshold: UInt32
  let factor: Float

  init(layer: Int, count: Int, probability: Double) {
    self.layer = layer
    self.count = count
    threshold = UInt32(probability * 0x1p32)
    factor = Float(1 / (1 - probability))
  }

  func apply(
    to input: UnsafePointer<Float>, at position: NoisePosition,
    into output: UnsafeMutablePointer<Float>
  ) {
    let stream = RandomStream(
      seed: position.seed, purpose: .dropout, owner: position.rank, step: position.step)
    let limit = SIMD32(repeating: threshold)
    for start in stride(from: 0, to: count, by: 32) {
      let isDropped = stream.eightBlocks(at: layer << 32 + start / 4) .< limit
      for lane in 0..<min(32, count - start) {
        unsafe output[start + lane] = isDropped[lane] ? 0 : factor * input[start + lane]
      }
    }
  }
}
