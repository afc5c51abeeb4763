public import AlignedBuffers

/// The signs of a vector, one bit each, and a mask of the coordinates that have none.
///
/// A ballot is what a rank votes with, a verdict what the vote decided. Coordinate i is bit i mod
/// 64 of word i div 64. In the sign plane 1 is negative; in the mask plane 1 is "abstains" (of a
/// ballot) or "zero" (of a verdict), and the sign bit is then 0. Bits behind the last coordinate
/// are 0 in both. Memory: d/4 bytes.
public struct SignPlanes: ~Copyable {
  /// The number of coordinates.
  public let count: Int
  /// The sign plane.
  public package(set) var signs: AlignedBuffer<UInt64>
  /// The mask plane.
  public package(set) var masks: AlignedBuffer<UInt64>
  /// Whether any bit of the mask may be set; where not, all are 0.
  public package(set) var hasMask = false

  /// All coordinates positive.
  ///
  /// - Precondition: `count` is not negative.
  public init(count: Int) {
    self.count = count
    signs = AlignedBuffer(repeating: 0, count: Self.wordCount(of: count))
    masks = AlignedBuffer(repeating: 0, count: Self.wordCount(of: count))
  }

  /// Planes in memory made elsewhere.
  ///
  /// - Precondition: Both have the words of a plane, valid as above.
  package init(
    count: Int, signs: consuming AlignedBuffer<UInt64>, masks: consuming AlignedBuffer<UInt64>
  ) {
    let words = Self.wordCount(of: count)
    precondition(signs.count == words && masks.count == words, "planes of another length")
    self.count = count
    self.signs = signs
    self.masks = masks
  }

  /// The number of words of a plane of so many coordinates.
  public static func wordCount(of coordinates: Int) -> Int { (coordinates + 63) / 64 }

  /// The number of words of a plane.
  public var wordCount: Int { signs.count }

  /// The sign of a coordinate: −1, 0 or +1.
  ///
  /// - Precondition: `coordinate` lies in 0..<`count`; a new value is −1, 0 or +1.
  public subscript(coordinate: Int) -> Int {
    get {
      precondition(coordinate >= 0 && coordinate < count, "coordinate outside the planes")
      let bit: UInt64 = 1 << UInt64(coordinate % 64)
      if masks[coordinate / 64] & bit != 0 { return 0 }
      return signs[coordinate / 64] & bit != 0 ? -1 : 1
    }
    set {
      precondition(coordinate >= 0 && coordinate < count, "coordinate outside the planes")
      precondition(abs(newValue) <= 1, "\(newValue) is not a sign")
      let bit: UInt64 = 1 << UInt64(coordinate % 64)
      signs[coordinate / 64] &= ~bit
      masks[coordinate / 64] &= ~bit
      if newValue < 0 { signs[coordinate / 64] |= bit }
      if newValue == 0 {
        masks[coordinate / 64] |= bit
        hasMask = true
      }
    }
  }

  /// Abstains in a range of coordinates, under every rule.
  ///
  /// - Precondition: `coordinates` lies within 0..<`count`.
  /// - Complexity: O(words of the range).
  public mutating func abstain(in coordinates: Range<Int>) {
    precondition(
      coordinates.lowerBound >= 0 && coordinates.upperBound <= count,
      "coordinates outside the planes")
    guard !coordinates.isEmpty else { return }
    hasMask = true
    for word in coordinates.lowerBound / 64...(coordinates.upperBound - 1) / 64 {
      let bits = Self.bits(of: coordinates, inWord: word)
      masks[word] |= bits
      signs[word] &= ~bits
    }
  }

  /// Takes all abstentions back; the sign bits there stay 0.
  ///
  /// - Complexity: O(words); O(1) without a mask.
  package mutating func clearMask() {
    guard hasMask else { return }
    masks.fill(with: 0)
    hasMask = false
  }

  /// The number of coordinates without a sign.
  ///
  /// - Complexity: O(words); O(1) without a mask.
  public var abstentionCount: Int {
    guard hasMask else { return 0 }
    let masks = masks.span
    var count = 0
    for word in masks.indices { count += masks[word].nonzeroBitCount }
    return count
  }

  /// The bits of a word that belong to a range of coordinates.
  static func bits(of coordinates: Range<Int>, inWord word: Int) -> UInt64 {
    let low = max(coordinates.lowerBound - word * 64, 0)
    let high = min(coordinates.upperBound - word * 64, 64)
    guard low < high else { return 0 }
    return (UInt64.max >> UInt64(64 - (high - low))) << UInt64(low)
  }
}

extension SignPlanes {
  /// Lends the words of both planes to a kernel; the kernel keeps the invariants.
  package mutating func withUnsafeWords<Result>(
    _ body: (UnsafeMutableBufferPointer<UInt64>, UnsafeMutableBufferPointer<UInt64>) -> Result
  ) -> Result {
    unsafe body(signs.unsafeElements, masks.unsafeElements)
  }
}
