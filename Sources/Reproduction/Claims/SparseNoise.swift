import Objectives
import Plots
import Training

extension Claim {
  /// T11: the toy problem of 2018.
  static let sparseNoise = Claim(
    name: "sparse-noise", number: 11,
    statement: """
      Where a single coordinate carries all the noise, signSGD reaches a lower loss than stochastic \
      gradient descent at the rates of the literature.
      """,
    place: "section 3, the toy of 2018; section 4, T11",
    method: """
      ½‖x‖² in 100 dimensions from N(0, I), noise N(0, 100²) in the first coordinate, γ = 0.01 for \
      signSGD and 0.001 for SGD, 10,000 steps, 10 repeats for each of 5 seeds; the mean f over the \
      last half of the steps.
      """
  ) { laboratory in
    let seeds = 5
    let copies = 10
    let options = [
      TrainingOptions.signs(learningRate: 1e-2),
      TrainingOptions.signs(learningRate: 1e-3).with { $0.algorithm = .sgd },
    ]
    let trials = options.flatMap { options in
      (0..<seeds).map { seed in
        Trial(options: options, steps: 10_000, seed: seed) {
          try NoisyQuadratic(dimension: 100, copies: copies, noise: .sparse(deviation: 100))
        }
      }
    }
    let interval = 100
    let courses = try laboratory.apart(trials) { run in
      try run.course(every: interval).map { $0 / Double(copies) }
    }
    // The values of the last half, of each seed.
    let means = courses.map { Array($0.suffix($0.count / 2)).mean }
    let signs = Array(means.prefix(seeds))
    let descent = Array(means.suffix(seeds))
    return Finding(
      measurements: [
        Measurement(
          "f of signSGD over f of SGD", Expectation.below(1).inEverySeed,
          zip(signs, descent).map { $0 / $1 }),
        // In closed form γσ²/(2(2 - γ)), of the noisy coordinate alone.
        Measurement("SGD: f", .near(2.501), descent),
      ],
      plots: [
        Plot(
          title: "All noise in one of 100 coordinates",
          x: .init(label: "step"),
          y: .init(label: "f, mean of 10 repeats", isLogarithmic: true),
          series: zip(["signSGD, γ = 0.01", "SGD, γ = 0.001"], [0, seeds]).map { name, index in
            .init(
              name: name,
              points: courses[index].enumerated().map {
                .init(Double($0.offset * interval), $0.element)
              }, style: .course)
          })
      ])
  }
}
