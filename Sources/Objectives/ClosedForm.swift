/// The choice of a closed-form objective, as `--model` names it.
///
/// CE1 to CE3 are the counterexamples of Karimireddy et al., ICML 2019.
public enum ClosedForm: Sendable, Hashable {
  /// Gaussian noise of a standard deviation: `quadratic`, `quadratic:DIMENSION:NOISE`.
  case quadratic(dimension: Int, noise: Double)
  /// Curvatures from 0.1 to 10, noise N(0, 1), start 2 N(0, I): `stretched-quadratic`,
  /// `stretched-quadratic:DIMENSION`. Claim T10 of `signum reproduce`.
  case stretchedQuadratic(dimension: Int)
  /// Noise N(0, 100²) in one coordinate, start N(0, I): `sparse-quadratic`,
  /// `sparse-quadratic:DIMENSION`. Claim T11 of `signum reproduce`.
  case sparseQuadratic(dimension: Int)
  /// Skewed two-valued noise, start 3: `skewed-quadratic`, `skewed-quadratic:DIMENSION`; the
  /// fixed point of signSGD is at 5/4.
  case skewedQuadratic(dimension: Int)
  /// Noise of Student's t: `heavy-tailed-quadratic`, `heavy-tailed-quadratic:DIMENSION:DEGREES`.
  case heavyTailedQuadratic(dimension: Int, degrees: Double)
  /// Targets 0, 0, 10 by rank: `heterogeneous-quadratic`. Claim T6 of `signum reproduce`.
  case heterogeneousQuadratic
  /// A slope with misleading noise: `linear-trap`. CE1.
  case linearTrap
  /// A valley along the diagonal: `diagonal-trap`, `diagonal-trap:EPSILON`. CE2.
  case diagonalTrap(slope: Double)
  /// Two opposed samples: `two-sample-trap`, `two-sample-trap:EPSILON`. CE3.
  case twoSampleTrap(common: Double)
  /// N(0, 1) noise of no objective: `pure-noise`, `pure-noise:DIMENSION`. Claim T18 of `signum reproduce`.
  case pureNoise(dimension: Int)

  /// The forms of the text, for help and error messages.
  public static var forms: String {
    "quadratic[:DIMENSION:NOISE], stretched-quadratic[:DIMENSION], sparse-quadratic[:DIMENSION], "
      + "skewed-quadratic[:DIMENSION], heavy-tailed-quadratic[:DIMENSION:DEGREES], "
      + "heterogeneous-quadratic, linear-trap, diagonal-trap[:EPSILON], "
      + "two-sample-trap[:EPSILON], pure-noise[:DIMENSION]"
  }

  /// The coordinates of one copy.
  public var dimension: Int {
    switch self {
    case .quadratic(let dimension, _), .stretchedQuadratic(let dimension),
      .sparseQuadratic(let dimension), .skewedQuadratic(let dimension),
      .heavyTailedQuadratic(let dimension, _), .pureNoise(let dimension):
      dimension
    case .heterogeneousQuadratic, .linearTrap: 1
    case .diagonalTrap, .twoSampleTrap: 2
    }
  }

  /// The objective.
  ///
  /// - Parameter copies: Independent repetitions in one vector.
  /// - Throws: When there are no copies, or too many coordinates in all.
  /// - Precondition: Noise and dimensions are such as the text form of a closed form allows.
  public func makeObjective(
    copies: Int = 1
  ) throws(ParameterLayoutError) -> any ClosedFormObjective {
    switch self {
    case .quadratic(let dimension, let noise):
      try NoisyQuadratic(
        dimension: dimension, copies: copies, noise: .gaussian(deviation: noise))
    case .stretchedQuadratic(let dimension):
      try Self.stretchedQuadratic(dimension: dimension, copies: copies)
    case .sparseQuadratic(let dimension):
      try NoisyQuadratic(
        dimension: dimension, copies: copies, noise: .sparse(deviation: 100))
    case .skewedQuadratic(let dimension):
      try NoisyQuadratic(dimension: dimension, copies: copies, noise: .skewed, start: .value(3))
    case .heavyTailedQuadratic(let dimension, let degrees):
      try NoisyQuadratic(
        dimension: dimension, copies: copies, noise: .studentT(degrees: degrees))
    case .heterogeneousQuadratic:
      try HeterogeneousQuadratic(copies: copies)
    case .linearTrap:
      try LinearTrap(copies: copies)
    case .diagonalTrap(let slope):
      try DiagonalTrap(slope: slope, copies: copies)
    case .twoSampleTrap(let common):
      try TwoSampleTrap(common: common, copies: copies)
    case .pureNoise(let dimension):
      try NoisyQuadratic(
        dimension: dimension, curvature: 0, copies: copies, noise: .gaussian(deviation: 1))
    }
  }

  private static func stretchedQuadratic(
    dimension: Int, copies: Int
  ) throws(ParameterLayoutError) -> NoisyQuadratic {
    // Before memory for the curvatures is asked for.
    _ = try ParameterLayout(copies: copies, dimension: dimension)
    return try NoisyQuadratic(
      curvatures: NoisyQuadratic.spacedCurvatures(count: dimension, from: 0.1, to: 10),
      copies: copies, noise: .gaussian(deviation: 1), start: .normal(scale: 2))
  }
}
