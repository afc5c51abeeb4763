import Foundation

extension [Double] {
  /// The arithmetic mean; NaN of nothing.
  var mean: Double { reduce(0, +) / Double(count) }

  /// The mean of each of so many equal parts, one behind the other.
  func means(ofParts parts: Int) -> [Double] {
    let length = count / parts
    return (0..<parts).map { Array(self[$0 * length..<($0 + 1) * length]).mean }
  }

  /// The middle value, or the mean of the two middle ones; NaN where a value is NaN.
  var median: Double {
    guard !isEmpty, allSatisfy({ !$0.isNaN }) else { return .nan }
    let ordered = sorted()
    return (ordered[(count - 1) / 2] + ordered[count / 2]) / 2
  }

  /// The smallest and the largest value; NaN where a value is NaN.
  var extremes: (low: Double, high: Double) {
    guard let low = self.min(), let high = self.max(), allSatisfy({ !$0.isNaN }) else {
      return (.nan, .nan)
    }
    return (low, high)
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

/// A number with four significant digits, as users read it.
func number(_ value: Double) -> String {
  guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-∞" : "∞" }
  return String(format: "%.4g", value == 0 ? 0 : value)
}
