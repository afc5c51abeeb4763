extension [Double] {
  /// The arithmetic mean; NaN of nothing.
  var mean: Double { reduce(0, +) / Double(count) }

  /// The mean of each of so many equal parts, one behind the other.
  func means(ofParts parts: Int) -> [Double] {
    let length = count / parts
    return (0..<parts).map { Array(self[$0 * length..<($0 + 1) * length]).mean }
  }
}

/// The slope of the line of least squares through points.
///
/// - Precondition: There are at least two different x.
func slope(_ points: [(x: Double, y: Double)]) -> Double {
  let meanX = points.map(\.x).mean
  let meanY = points.map(\.y).mean
  let products = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
  let squares = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
  return products / squares
}
