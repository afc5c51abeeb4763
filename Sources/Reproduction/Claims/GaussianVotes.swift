import Objectives
import Plots
import Training

/// The quadratic of 1,000 coordinates with noise N(0, 1) that the claims on votes share.
private struct GaussianToy {
  static let steps = 600

  /// Workers vote, some of whom negate their signs.
  static func trial(
    workers: Int, negating: Int = 0, momentum: Double = 0, dimension: Int = 1_000, copies: Int,
    steps: Int = steps
  ) -> Trial {
    Trial(
      options: TrainingOptions.signs(momentum: momentum, learningRate: 1e-2).with {
        $0.adversaries = Double(negating) / Double(workers)
      }, voters: workers, steps: steps
    ) { try NoisyQuadratic(dimension: dimension, copies: copies, noise: .gaussian(deviation: 1)) }
  }

  /// The mean f of the last 100 steps, of each copy.
  static func run(_ trials: [Trial], in laboratory: Laboratory) throws -> [[Double]] {
    try laboratory.together(trials) { try $0.meanValues(from: $0.trial.steps - 100) }
  }
}

extension Claim {
  /// T8: more workers help, as long as half of them are honest.
  static let votingWorkers = Claim(
    name: "voting-workers", number: 8,
    statement: """
      Under symmetric noise more workers lower the loss, and workers who negate their signs only \
      slow it down while they are fewer than half.
      """,
    place: "section 2.6; section 4, T8",
    method: """
      ½‖x‖² in 1,000 dimensions from N(0, I), noise N(0, 1), γ = 0.01, θ = 0, 600 steps, 3 seeds; \
      the mean f of the last 100 steps.
      """
  ) { laboratory in
    let workers: [(count: Int, known: Double)] = [(1, 3.36), (3, 2.09), (9, 1.34), (27, 0.81)]
    let negating: [(count: Int, known: Double)] = [
      (0, 0.80), (3, 1.00), (6, 1.33), (9, 2.2), (12, 13.3), (13, 102), (14, 6e3),
    ]
    let copies = 3
    let values = try GaussianToy.run(
      workers.map { GaussianToy.trial(workers: $0.count, copies: copies) }
        + negating.dropFirst().map {
          GaussianToy.trial(workers: 27, negating: $0.count, copies: copies)
        }, in: laboratory)
    let byWorkers = Array(values.prefix(workers.count))
    let byNegating = Array(values.suffix(negating.count))
    var measurements = zip(workers, byWorkers).map { row, values in
      Measurement(
        "\(row.count) worker\(row.count == 1 ? "" : "s"): f", .near(row.known), values)
    }
    measurements += zip(negating, byNegating).dropFirst().map { row, values in
      Measurement("27 workers, \(row.count) negate: f", .near(row.known), values)
    }
    return Finding(
      measurements: measurements,
      plots: [
        Plot(
          suffix: "honest", title: "Symmetric noise: more workers",
          x: .init(
            label: "workers", isLogarithmic: true, marks: workers.map { Double($0.count) }),
          y: .init(label: "f in the last 100 of 600 steps", isLogarithmic: true),
          series: [
            .init(name: "θ = 0", points: points(workers.map { Double($0.count) }, byWorkers))
          ]),
        Plot(
          suffix: "negating", title: "27 workers, some of whom negate their signs",
          x: .init(label: "negating workers"),
          y: .init(label: "f in the last 100 of 600 steps", isLogarithmic: true),
          series: [
            .init(name: "θ = 0", points: points(negating.map { Double($0.count) }, byNegating)),
            .init(
              name: "f at the start", points: [.init(0, 500), .init(14, 500)], style: .expected),
          ]),
      ])
  }

  /// T9: where momentum does not help.
  static let symmetricNoise = Claim(
    name: "symmetric-noise", number: 9,
    statement: """
      A negative result: under symmetric noise at a fixed step size momentum does not help, it \
      makes the loss larger. Its gain needs skewed or sparse noise, or the schedule of the theory.
      """,
    place: "section 4, T9",
    method: """
      ½‖x‖² in 1,000 dimensions from N(0, I), noise N(0, 1), γ = 0.01, 600 steps, 3 seeds; the \
      mean f of the last 100 steps.
      """
  ) { laboratory in
    let rows: [(workers: Int, known: [Double])] = [(27, [0.81, 1.71, 9.8]), (1, [3.4, 9.3, 30])]
    let momenta = [0, 0.9, 0.99]
    let copies = 3
    let values = try GaussianToy.run(
      rows.flatMap { row in
        momenta.map { GaussianToy.trial(workers: row.workers, momentum: $0, copies: copies) }
      }, in: laboratory)
    var measurements: [Measurement] = []
    var series: [Plot.Series] = []
    for (index, row) in rows.enumerated() {
      let own = Array(values[3 * index..<3 * index + 3])
      let workers = "\(row.workers) worker\(row.workers == 1 ? "" : "s")"
      for (place, momentum) in momenta.enumerated() {
        measurements.append(
          Measurement("\(workers), θ = \(momentum): f", .near(row.known[place]), own[place]))
      }
      for place in 1...2 {
        measurements.append(
          Measurement(
            "\(workers): f at θ = \(momenta[place]) over f at θ = \(momenta[place - 1])",
            Expectation.above(1).inEverySeed, zip(own[place], own[place - 1]).map { $0 / $1 }))
      }
      series.append(.init(name: workers, points: points([0, 1, 2], own)))
    }
    return Finding(
      measurements: measurements,
      plots: [
        Plot(
          title: "Symmetric noise, fixed step size: momentum does not help",
          x: .init(label: "momentum θ", names: ["0", "0.9", "0.99"]),
          y: .init(label: "f in the last 100 of 600 steps", isLogarithmic: true), series: series)
      ])
  }

  /// T16: how many of seven workers may be adversaries.
  static let adversaries = Claim(
    name: "adversaries", number: 16,
    statement: "Of 7 workers up to 3 may send the negated sign and training goes on; 4 end it.",
    place: "section 2.6; section 4, T16",
    method: """
      ½‖x‖² in 100 dimensions from N(0, I), noise N(0, 1), γ = 0.01, θ = 0.9, 2,000 steps, \
      5 seeds; the mean f of the last 100 steps, over that expected at the start (50).
      """
  ) { laboratory in
    let negating = [0, 1, 2, 3, 4]
    let copies = 5
    let values = try GaussianToy.run(
      negating.map {
        GaussianToy.trial(
          workers: 7, negating: $0, momentum: 0.9, dimension: 100, copies: copies, steps: 2_000)
      }, in: laboratory
    ).map { $0.map { $0 / 50 } }
    return Finding(
      measurements: zip(negating, values).map { count, values in
        Measurement(
          "\(count) of 7 negate: f over f at the start",
          (count < 4 ? Expectation.below(0.05) : .above(2)).inEverySeed, values)
      },
      plots: [
        Plot(
          title: "Seven workers, some of whom negate their signs",
          x: .init(label: "negating workers", marks: negating.map(Double.init)),
          y: .init(label: "f over f at the start", isLogarithmic: true),
          series: [
            .init(name: "θ = 0.9", points: points(negating.map(Double.init), values)),
            .init(name: "the start", points: [.init(0, 1), .init(4, 1)], style: .expected),
          ])
      ])
  }
}
