import Objectives
import Plots
import Training

extension Claim {
  /// T3: the third counterexample, with one sample a step.
  static let leastSquares = Claim(
    name: "least-squares", number: 3,
    statement: """
      On least squares over two samples with opposed gradients signSGD with one sample a step \
      never leaves a line, f ≥ 8ε²; with momentum f falls to an order of γ².
      """,
    place: "section 3.1, CE3; section 4, T3",
    method: """
      ⟨a₁, x⟩² + ⟨a₂, x⟩² from (1, 1), one term a step, γ = 0.001 (where not said otherwise), \
      20,000 steps, 20 seeds; the mean of f over the last half of the steps, for θ = 0 the \
      smallest f too.
      """
  ) { laboratory in
    let copies = 20
    let cases: [(common: Double, momentum: Double, rate: Double)] = [
      (0.5, 0, 1e-3), (0.5, 0.9, 1e-3), (0.5, 0.99, 1e-3), (0.5, 0.999, 1e-3),
      (0.1, 0, 1e-3), (0.1, 0.9, 1e-3), (0.1, 0.99, 1e-3),
      (0.5, 0.9, 1e-2), (0.5, 0.99, 1e-2),
    ]
    let trials = cases.map { row in
      Trial(options: .signs(momentum: row.momentum, learningRate: row.rate), steps: 20_000) {
        try TwoSampleTrap(common: row.common, copies: copies)
      }
    }
    // Of each case the means over time, then the smallest values.
    let results = try laboratory.apart(trials) { run in
      var smallest = run.values
      var sums = [Double](repeating: 0, count: copies)
      try run.advance { run in
        let values = run.values
        for copy in 0..<copies {
          smallest[copy] = min(smallest[copy], values[copy])
          if run.stepsDone >= run.trial.steps / 2 { sums[copy] += values[copy] }
        }
      }
      return sums.map { $0 / Double(run.trial.steps - run.trial.steps / 2) } + smallest
    }
    let means = results.map { Array($0.prefix(copies)) }
    func what(_ index: Int) -> String {
      let row = cases[index]
      return "ε = \(row.common), θ = \(row.momentum), γ = \(row.rate)"
    }
    func ratio(_ above: Int, _ below: Int) -> [Double] {
      [means[above].mean / means[below].mean]
    }
    let measurements = [
      Measurement(
        what(0) + ": smallest f", Expectation.atLeast(2 - 1e-5).inEverySeed,
        Array(results[0].suffix(copies))),
      Measurement(what(0) + ": mean f", .near(2.17), means[0]),
      Measurement(what(1) + ": mean f", .below(1e-3), means[1]),
      Measurement(what(2) + ": mean f", .below(1e-3), means[2]),
      Measurement(what(3) + ": mean f", .below(1e-2), means[3]),
      Measurement(
        what(4) + ": smallest f", Expectation.atLeast(0.08 - 1e-6).inEverySeed,
        Array(results[4].suffix(copies))),
      Measurement(what(4) + ": mean f", .near(0.108), means[4]),
      Measurement(what(5) + ": mean f", .below(1e-3), means[5]),
      Measurement(what(6) + ": mean f", .below(1e-3), means[6]),
      Measurement("θ = 0.9: f at γ = 0.01 over f at γ = 0.001", .near(100), ratio(7, 1)),
      Measurement("θ = 0.99: f at γ = 0.01 over f at γ = 0.001", .near(100), ratio(8, 2)),
    ]
    return Finding(
      measurements: measurements,
      plots: [
        Plot(
          title: "Two opposed samples, one a step",
          x: .init(label: "momentum θ", names: ["0", "0.9", "0.99", "0.999"]),
          y: .init(label: "f in the last half of the steps", isLogarithmic: true),
          series: [
            .init(name: "ε = 0.5", points: points([0, 1, 2, 3], Array(means[0...3]))),
            .init(name: "ε = 0.1", points: points([0, 1, 2], Array(means[4...6]))),
            .init(
              name: "8ε² = 2, below which signSGD cannot come",
              points: [.init(0, 2), .init(3, 2)], style: .expected),
          ])
      ])
  }
}
