extension ClosedForm: LosslessStringConvertible {
  /// Reads one of the `forms`.
  ///
  /// Nil for any other text; for a dimension below 1 (2 where it is stretched), a negative noise,
  /// degrees of freedom not above 0, and an epsilon not between 0 and 1.
  public init?(_ description: String) {
    let parts = description.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.dropFirst().map(String.init)
    switch (parts[0], numbers.count) {
    case ("quadratic", 0): self = .quadratic(dimension: 1000, noise: 1)
    case ("quadratic", 2):
      guard let dimension = Self.dimension(numbers[0]),
        let noise = Self.number(numbers[1]), noise >= 0
      else { return nil }
      self = .quadratic(dimension: dimension, noise: noise)
    case ("heavy-tailed-quadratic", 0): self = .heavyTailedQuadratic(dimension: 100, degrees: 1.5)
    case ("heavy-tailed-quadratic", 2):
      guard let dimension = Self.dimension(numbers[0]),
        let degrees = Self.number(numbers[1]), degrees > 0
      else { return nil }
      self = .heavyTailedQuadratic(dimension: dimension, degrees: degrees)
    case ("heterogeneous-quadratic", 0): self = .heterogeneousQuadratic
    case ("linear-trap", 0): self = .linearTrap
    case ("diagonal-trap", 0...1):
      guard let slope = Self.epsilon(numbers.first ?? "0.5") else { return nil }
      self = .diagonalTrap(slope: slope)
    case ("two-sample-trap", 0...1):
      guard let common = Self.epsilon(numbers.first ?? "0.5") else { return nil }
      self = .twoSampleTrap(common: common)
    case (let name, 0...1):
      self.init(name, dimension: numbers.first)
    default: return nil
    }
  }

  /// The forms that have a dimension alone.
  private init?(_ name: Substring, dimension text: String?) {
    let defaults = [
      "stretched-quadratic": 50, "sparse-quadratic": 100, "skewed-quadratic": 10,
      "pure-noise": 1000,
    ]
    guard let usual = defaults[String(name)],
      let dimension = Self.dimension(text ?? String(usual))
    else { return nil }
    switch name {
    case "stretched-quadratic" where dimension >= 2:
      self = .stretchedQuadratic(dimension: dimension)
    case "sparse-quadratic": self = .sparseQuadratic(dimension: dimension)
    case "skewed-quadratic": self = .skewedQuadratic(dimension: dimension)
    case "pure-noise": self = .pureNoise(dimension: dimension)
    default: return nil
    }
  }

  /// The text that `init(_:)` reads, with all its numbers.
  public var description: String {
    switch self {
    case .quadratic(let dimension, let noise): "quadratic:\(dimension):\(noise)"
    case .stretchedQuadratic(let dimension): "stretched-quadratic:\(dimension)"
    case .sparseQuadratic(let dimension): "sparse-quadratic:\(dimension)"
    case .skewedQuadratic(let dimension): "skewed-quadratic:\(dimension)"
    case .heavyTailedQuadratic(let dimension, let degrees):
      "heavy-tailed-quadratic:\(dimension):\(degrees)"
    case .heterogeneousQuadratic: "heterogeneous-quadratic"
    case .linearTrap: "linear-trap"
    case .diagonalTrap(let slope): "diagonal-trap:\(slope)"
    case .twoSampleTrap(let common): "two-sample-trap:\(common)"
    case .pureNoise(let dimension): "pure-noise:\(dimension)"
    }
  }

  private static func dimension(_ text: String) -> Int? {
    guard let dimension = Int(text), dimension > 0 else { return nil }
    return dimension
  }

  private static func number(_ text: String) -> Double? {
    guard let number = Double(text), number.isFinite else { return nil }
    return number
  }

  private static func epsilon(_ text: String) -> Double? {
    guard let epsilon = number(text), epsilon > 0, epsilon < 1 else { return nil }
    return epsilon
  }
}
