import Foundation

extension [Double] {
  /// The middle value, or the mean of the two middle ones; NaN where a value is NaN.
  package var median: Double {
    guard !isEmpty, allSatisfy({ !$0.isNaN }) else { return .nan }
    let ordered = sorted()
    return (ordered[(count - 1) / 2] + ordered[count / 2]) / 2
  }

  /// The smallest and the largest value; NaN where a value is NaN.
  package var extremes: (low: Double, high: Double) {
    guard let low = self.min(), let high = self.max(), allSatisfy({ !$0.isNaN }) else {
      return (.nan, .nan)
    }
    return (low, high)
  }
}

/// A number with four significant digits, as users read it.
package func number(_ value: Double) -> String {
  guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-∞" : "∞" }
  return String(format: "%.4g", value == 0 ? 0 : value)
}
