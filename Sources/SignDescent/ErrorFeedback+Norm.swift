/// How norms are summed, so that they have the same bits wherever they are summed.
///
/// The flat vector is cut into fixed blocks of 4,096 coordinates. The absolute values of a tensor
/// within a block are summed in Double, as eight sums over the coordinates i mod 8 in ascending
/// order, joined by halves (l and l + 4, then l + 2, then l + 1); the sums of the blocks are added in
/// block order.
package enum NormBlocks {
  /// The coordinates of a block.
  package static let length = 4_096

  /// Visits the parts of a range that lie in one block each, in order.
  package static func forEachPart(of coordinates: Range<Int>, _ body: (Range<Int>) -> Void) {
    var first = coordinates.lowerBound
    while first < coordinates.upperBound {
      let end = min((first / length + 1) * length, coordinates.upperBound)
      body(first..<end)
      first = end
    }
  }
}

/// The sum of absolute values of a part of a block.
///
/// NaN and infinities stay in it, and finite Float32 cannot make it overflow.
struct BlockNorm {
  private var sums = SIMD8<Double>(repeating: 0)

  /// Adds the values of sixteen coordinates, the first of which is a multiple of 16.
  @inline(__always)
  mutating func add(_ values: SIMD16<Float>) {
    let pattern = unsafe unsafeBitCast(values, to: SIMD16<Int32>.self)
    let magnitude = unsafe unsafeBitCast(
      pattern & SIMD16(repeating: .max), to: SIMD16<Float>.self)
    sums += Self.widened(magnitude.lowHalf)
    sums += Self.widened(magnitude.highHalf)
  }

  /// The same in Double; written out, since the initializer for vectors is a call with its operands
  /// in memory.
  @inline(__always)
  private static func widened(_ lanes: SIMD8<Float>) -> SIMD8<Double> {
    SIMD8(
      Double(lanes[0]), Double(lanes[1]), Double(lanes[2]), Double(lanes[3]), Double(lanes[4]),
      Double(lanes[5]), Double(lanes[6]), Double(lanes[7]))
  }

  /// Adds the value of one coordinate.
  mutating func add(_ value: Float, at coordinate: Int) {
    sums[coordinate % 8] += Double(value.magnitude)
  }

  /// The sum.
  var total: Double {
    let four = sums.lowHalf + sums.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }
}

/// A range of coordinates as whole words of 64 and what is left at both ends.
struct WordParts {
  let head: Range<Int>
  /// Numbers of words.
  let whole: Range<Int>
  let tail: Range<Int>

  init(_ coordinates: Range<Int>) {
    let first = (coordinates.lowerBound + 63) / 64
    let end = coordinates.upperBound / 64
    if first <= end {
      head = coordinates.lowerBound..<first * 64
      whole = first..<end
      tail = end * 64..<coordinates.upperBound
    } else {
      head = coordinates
      whole = first..<first
      tail = coordinates.upperBound..<coordinates.upperBound
    }
  }
}
