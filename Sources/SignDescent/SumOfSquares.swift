/// The sum of the squares of a range, in Double and in a fixed order.
///
/// Sum j of eight has every eighth square from the first + j on, in their order; the eight are added
/// from the first to the last. The square of a Float32 is exact in Double.
///
/// - Precondition: `range` lies within the values.
func sumOfSquares(_ values: Span<Float>, in range: Range<Int>) -> Double {
  precondition(
    range.lowerBound >= 0 && range.upperBound <= values.count,
    "\(range) of \(values.count) numbers")
  var sums = SIMD8<Double>(repeating: 0)
  unsafe values.withUnsafeBufferPointer { values in
    let wholeEnd = range.lowerBound + range.count / 8 * 8
    for first in stride(from: range.lowerBound, to: wholeEnd, by: 8) {
      var squares = SIMD8<Double>(repeating: 0)
      for lane in 0..<8 { squares[lane] = unsafe Double(values[first &+ lane]) }
      sums += squares * squares
    }
    for index in wholeEnd..<range.upperBound {
      let value = unsafe Double(values[index])
      sums[index - wholeEnd] += value * value
    }
  }
  return (0..<8).reduce(0) { $0 + sums[$1] }
}
