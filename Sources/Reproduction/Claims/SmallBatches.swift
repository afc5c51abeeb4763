import Objectives
import Plots
import Training

extension Claim {
  /// T5: what small batches break.
  static let smallBatches = Claim(
    name: "small-batches", number: 5,
    statement: "Small batches break signSGD, not signSGD with momentum: any batch size converges.",
    place: "section 3.1, CE4; section 4, T5",
    method: """
      ½‖x‖² in 10 dimensions from 3 with skewed noise, γ = 0.001, 20,000 steps, 10 seeds, θ = 0.99 \
      for signum; the mean |∂f| per coordinate over the last half of the steps.
      """
  ) { laboratory in
    let batches = [1, 2, 4, 16, 256]
    let momenta = [0, 0.99]
    let copies = 10
    let trials = momenta.flatMap { momentum in
      batches.map { batch in
        Trial(
          options: TrainingOptions.signs(momentum: momentum, learningRate: 1e-3)
            .with { $0.batch = .perRank(batch) }, steps: 20_000
        ) { try NoisyQuadratic(dimension: 10, copies: copies, noise: .skewed, start: .value(3)) }
      }
    }
    let norms = try laboratory.apart(trials) { run in
      try run.meanGradientNorms(from: run.trial.steps / 2).map { $0 / 10 }
    }
    let signs = Array(norms.prefix(batches.count))
    let signum = Array(norms.suffix(batches.count))
    let places = batches.map(Double.init)
    return Finding(
      measurements: [
        Measurement("signSGD, batch 1: |∂f|", .near(1.249, percent: 1), signs[0]),
        Measurement("signSGD, batch 2: |∂f|", .near(1.246, percent: 1), signs[1]),
        Measurement("signSGD, batch 4: |∂f|", .below(0.05), signs[2]),
        Measurement("signSGD, batch 256: |∂f|", .below(0.05), signs[4]),
        Measurement("signum, batch 1: |∂f|", .near(0.096), signum[0]),
        Measurement("signum, batch 256: |∂f|", .near(0.023), signum[4]),
        Measurement(
          "batch 1: |∂f| of signum over that of signSGD", Expectation.below(0.1).inEverySeed,
          zip(signum[0], signs[0]).map { $0 / $1 }),
      ],
      plots: [
        Plot(
          title: "Skewed noise: how small a batch may be",
          x: .init(label: "samples a step", isLogarithmic: true, marks: places),
          y: .init(label: "mean |∂f| per coordinate", isLogarithmic: true),
          series: [
            .init(name: "signSGD", points: points(places, signs)),
            .init(name: "signum, θ = 0.99", points: points(places, signum)),
          ])
      ])
  }
}
