import Plots

/// The median of a figure over repetitions, with the smallest and the largest.
struct Spread: Hashable, Sendable {
  var median: Double
  var low: Double
  var high: Double
  /// The number of repetitions.
  var count: Int

  /// The spread of values; those that are not finite are left out, and nil is what is left of none.
  init?(_ values: [Double?]) {
    let finite = values.compactMap(\.self).filter(\.isFinite)
    guard !finite.isEmpty else { return nil }
    median = finite.median
    (low, high) = finite.extremes
    count = finite.count
  }

  init(median: Double, low: Double, high: Double, count: Int) {
    self.median = median
    self.low = low
    self.high = high
    self.count = count
  }

  /// By how much it is larger than another: of the medians, and of the ends against each other.
  static func / (left: Spread, right: Spread) -> Spread {
    Spread(
      median: left.median / right.median, low: left.low / right.high, high: left.high / right.low,
      count: min(left.count, right.count))
  }

  static func * (spread: Spread, factor: Double) -> Spread {
    Spread(
      median: spread.median * factor, low: spread.low * factor, high: spread.high * factor,
      count: spread.count)
  }
}
