import Plots

/// What the theory, or an earlier run, says of a measured number.
struct Expectation: Sendable {
  /// The expectation as users read it.
  let text: String
  /// The numbers that meet it.
  let range: ClosedRange<Double>
  /// Whether every seed has to meet it; otherwise the median over the seeds has to.
  private(set) var concernsEverySeed = false

  /// A number with a relative tolerance: by default the 20 % of figures known from one seed.
  static func near(_ value: Double, percent: Double = 20) -> Expectation {
    let width = abs(value) * percent / 100
    return Expectation(
      text: "\(number(value)) ± \(number(percent)) %", range: value - width...value + width)
  }

  /// A number with an absolute tolerance.
  static func within(_ value: Double, plusOrMinus width: Double) -> Expectation {
    Expectation(text: "\(number(value)) ± \(number(width))", range: value - width...value + width)
  }

  /// Exactly a number.
  static func exactly(_ value: Double) -> Expectation {
    Expectation(text: "\(number(value)) exactly", range: value...value)
  }

  /// Less than a bound.
  static func below(_ bound: Double) -> Expectation {
    Expectation(text: "< \(number(bound))", range: -Double.infinity...bound.nextDown)
  }

  /// More than a bound.
  static func above(_ bound: Double) -> Expectation {
    Expectation(text: "> \(number(bound))", range: bound.nextUp...Double.infinity)
  }

  /// At most a bound.
  static func atMost(_ bound: Double) -> Expectation {
    Expectation(text: "≤ \(number(bound))", range: -Double.infinity...bound)
  }

  /// At least a bound.
  static func atLeast(_ bound: Double) -> Expectation {
    Expectation(text: "≥ \(number(bound))", range: bound...Double.infinity)
  }

  /// The same, of each seed by itself.
  var inEverySeed: Expectation {
    Expectation(text: text + ", every seed", range: range, concernsEverySeed: true)
  }
}
