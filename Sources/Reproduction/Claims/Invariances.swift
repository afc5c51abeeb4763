import Objectives
import Plots
import SignDescent
import Training

extension Claim {
  /// T14: what must not change a trajectory.
  static let invariances = Claim(
    name: "invariances", number: 14,
    statement: """
      Signs have no scale: a loss times 2^k leaves trajectories identical; θ = 0 is signSGD; heavy \
      ball and exponential average vote alike; the two forms of the extrapolation agree.
      """,
    place: "sections 0 and 1.2; section 4, T14",
    method: """
      ½‖x‖² in 100 dimensions with noise N(0, 1), 3 seeds, 500 steps, and the same gradients times \
      2^-20 and 2^30; 2,000 momenta of both kinds over 500 steps; the look-ahead points of 100,000 \
      parameters, their distance in units of ulp·θ/(1-θ), the ulp that of the larger of w and z.
      """
  ) { laboratory in
    let measurements =
      try scaling(laboratory) + withoutMomentum(laboratory)
      + MomentumForms(seed: laboratory.seed).measurements
    let extrapolation = ExtrapolationForms(seed: laboratory.seed)
    let momenta = [0.5, 0.9, 0.99, 0.999]
    let distances = momenta.map { [extrapolation.largestDistance(momentum: $0)] }
    return Finding(
      measurements: measurements
        + zip(momenta, distances).map { momentum, distance in
          Measurement(
            "θ = \(momentum): forms of the extrapolation, in ulp·θ/(1-θ)", .atMost(2), distance)
        },
      plots: [
        Plot(
          title: "The two forms of the extrapolation: how far apart",
          x: .init(label: "momentum θ", names: momenta.map { "\($0)" }),
          y: .init(label: "largest distance in ulp·θ/(1-θ)", range: 0...2.5),
          series: [
            .init(name: "measured", points: points([0, 1, 2, 3], distances)),
            .init(name: "bound", points: [.init(0, 2), .init(3, 2)], style: .expected),
          ])
      ])
  }

  /// Trajectories of a loss, and of the same loss times powers of two.
  private static func scaling(_ laboratory: Laboratory) throws -> [Measurement] {
    let exponents = [0, -20, 30]
    let methods: [(name: String, options: TrainingOptions)] = [
      ("signSGD", .signs(learningRate: 1e-2)),
      ("signum", .signs(momentum: 0.9, learningRate: 1e-2)),
      (
        "signum, extrapolated",
        TrainingOptions.signs(momentum: 0.9, learningRate: 1e-2)
          .with { $0.algorithm = .signumExtrapolated }
      ),
    ]
    let ends = try laboratory.apart(
      methods.flatMap { method in
        exponents.map { exponent in
          Trial(options: method.options, steps: 500) {
            ScaledObjective(try quadratic(), exponent: exponent)
          }
        }
      }
    ) { run in
      try run.advance()
      return run.parameters
    }
    return methods.indices.flatMap { row in
      (1..<exponents.count).map { column in
        Measurement(
          "\(methods[row].name): coordinates that a loss · 2^\(exponents[column]) changes",
          .exactly(0), [differing(ends[3 * row], ends[3 * row + column])])
      }
    }
  }

  /// signum at θ = 0 beside signSGD.
  private static func withoutMomentum(_ laboratory: Laboratory) throws -> [Measurement] {
    let signs = TrainingOptions.signs(learningRate: 1e-2)
    let zero = signs.with {
      $0.algorithm = .signum
      $0.momentum = 0
    }
    let ends = try laboratory.apart(
      [signs, zero].map { Trial(options: $0, steps: 500, objective: quadratic) }
    ) { run in
      try run.advance()
      return run.parameters
    }
    return [
      Measurement(
        "coordinates in which θ = 0 differs from signSGD", .exactly(0),
        [differing(ends[0], ends[1])])
    ]
  }

  private static func quadratic() throws -> any ClosedFormObjective {
    try NoisyQuadratic(dimension: 100, copies: 3, noise: .gaussian(deviation: 1))
  }

  private static func differing(_ one: [Double], _ other: [Double]) -> Double {
    Double(zip(one, other).count { $0 != $1 })
  }
}
