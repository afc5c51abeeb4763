import AlignedBuffers
import Objectives

/// An objective times a power of two, which rounds nothing.
final class ScaledObjective: ClosedFormObjective {
  private let base: any ClosedFormObjective
  private let factor: Float
  private var scratch: AlignedBuffer<Float>

  /// `base` times two to a power.
  init(_ base: any ClosedFormObjective, exponent: Int) {
    self.base = base
    factor = Float(sign: .plus, exponent: exponent, significand: 1)
    scratch = AlignedBuffer(repeating: 0, count: base.layout.count)
  }

  var layout: ParameterLayout { base.layout }

  var copies: Int { base.copies }

  func initialize(_ parameters: consuming MutableSpan<Float>, seed: UInt64) {
    base.initialize(parameters, seed: seed)
  }

  func value(at parameters: Span<Float>, copy: Int) -> Double {
    Double(factor) * base.value(at: parameters, copy: copy)
  }

  func exactGradient(at parameters: Span<Float>, into gradient: consuming MutableSpan<Float>) {
    scratch.withMutableSpan { base.exactGradient(at: parameters, into: $0) }
    for index in 0..<gradient.count { gradient[index] = factor * scratch[index] }
  }

  func stochasticGradient(
    at parameters: Span<Float>, position: NoisePosition, samples: Int,
    into gradient: consuming MutableSpan<Float>
  ) {
    scratch.withMutableSpan {
      base.stochasticGradient(at: parameters, position: position, samples: samples, into: $0)
    }
    for index in 0..<gradient.count { gradient[index] = factor * scratch[index] }
  }
}
