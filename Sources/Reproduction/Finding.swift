import Plots

/// What came out of a claim's experiment.
struct Finding: Sendable {
  /// What was measured beside what was expected.
  var measurements: [Measurement]
  /// The measurements as pictures.
  var plots: [Plot]

  /// Whether every expectation was met.
  var holds: Bool { measurements.allSatisfy(\.holds) }

  /// The number of expectations that were met.
  var metCount: Int { measurements.count { $0.holds } }
}

/// A measured number, over seeds, beside what was expected of it.
struct Measurement: Sendable {
  /// What was measured.
  let what: String
  /// What was expected.
  let expectation: Expectation
  /// One number a seed.
  let values: [Double]

  /// A measured number.
  ///
  /// - Precondition: There is a value.
  init(_ what: String, _ expectation: Expectation, _ values: [Double]) {
    precondition(!values.isEmpty, "\(what) was not measured")
    self.what = what
    self.expectation = expectation
    self.values = values
  }

  /// The median over the seeds.
  var median: Double { values.median }

  /// Whether the expectation was met; a NaN meets none.
  var holds: Bool {
    let judged = expectation.concernsEverySeed ? values : [median]
    return judged.allSatisfy(expectation.range.contains)
  }

  /// The median, and the smallest and largest value where there are several.
  var text: String {
    guard values.count > 1 else { return number(median) }
    let spread = values.extremes
    return "\(number(median)) [\(number(spread.low)), \(number(spread.high))]"
  }
}
