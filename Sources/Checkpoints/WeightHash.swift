internal import CXXHash

/// The XXH3 64-bit hash of parameters, by which replicas and runs are compared.
///
/// It is taken over the bytes of the numbers in memory order, low byte first, without a seed, so
/// equal hashes mean equal bits; -0.0 differs from 0.0. Its text is 16 hexadecimal digits.
///
/// Source: Collet, xxHash 0.8, `XXH3_64bits`.
public struct WeightHash: Hashable, Sendable, CustomStringConvertible {
  /// The hash.
  public let value: UInt64

  /// A hash that was computed before.
  public init(_ value: UInt64) { self.value = value }

  /// The hash of numbers.
  ///
  /// - Complexity: O(`weights.count`), local, no allocation.
  public init(of weights: Span<Float>) {
    self.init(ofBytes: weights.bytes)
  }

  /// The hash of the bytes of numbers.
  public init(ofBytes bytes: RawSpan) {
    value = bytes.withUnsafeBytes { CXXHash64($0.baseAddress, $0.count, 0) }
  }

  /// A hash from its text; nil for another text.
  public init?(_ text: String) {
    guard text.utf8.count == 16, let value = UInt64(text, radix: 16) else { return nil }
    self.value = value
  }

  /// 16 hexadecimal digits.
  public var description: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
