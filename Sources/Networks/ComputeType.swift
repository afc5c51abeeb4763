internal import COneDNN

/// What the products of a network's training are formed of (`--dtype`).
public enum ComputeType: String, CaseIterable, Sendable {
  /// Float32 throughout.
  case float32
  /// Factors rounded to bfloat16, 8 bits of precision with the range of Float32; products are added
  /// in Float32.
  ///
  /// In convolutions, dense layers and attention, forward and backward, but for the gradient of a first
  /// convolution of at most four channels. Parameters, what lies between layers, gradients and
  /// evaluation stay Float32.
  case bfloat16 = "bf16"

  /// Whether this processor computes with it, as far as oneDNN uses the processor.
  public var isAvailable: Bool {
    let needed = dnnl_cpu_isa_avx512_core_bf16.rawValue
    return self == .float32 || dnnl_get_effective_cpu_isa().rawValue & needed == needed
  }
}
