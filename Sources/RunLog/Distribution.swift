/// The middle, the upper end and the largest of some values, such as a phase's seconds by rank.
public struct Distribution: Hashable, Sendable, Codable {
  /// The middle value; with an even number of values the mean of the two in the middle.
  public var median: Double
  /// The value that 95 % of the values do not exceed, by nearest rank: the ceil(0.95 · n)-th
  /// smallest of n.
  public var p95: Double
  /// The largest value.
  public var maximum: Double

  /// A distribution by its figures.
  public init(median: Double, p95: Double, maximum: Double) {
    self.median = median
    self.p95 = p95
    self.maximum = maximum
  }

  /// The distribution of values.
  ///
  /// - Precondition: There is a value, and none is NaN.
  /// - Complexity: O(n log n).
  public init(of values: [Double]) {
    precondition(!values.isEmpty && !values.contains { $0.isNaN }, "no values, or NaN")
    let sorted = values.sorted()
    let count = sorted.count
    median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    p95 = sorted[(95 * count + 99) / 100 - 1]
    maximum = sorted[count - 1]
  }
}
