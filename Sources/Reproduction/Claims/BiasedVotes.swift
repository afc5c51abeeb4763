import Objectives
import Plots
import SignDescent
import Training

extension Claim {
  /// T7: what a vote does not repair.
  static let biasedVotes = Claim(
    name: "biased-votes", number: 7,
    statement: """
      More workers do not repair the bias of signSGD under skewed noise, since all lean the same \
      way; with momentum, or with stochastic signs, more workers help.
      """,
    place: "sections 2.3 and 2.4; section 3.1, CE4; section 4, T7",
    method: """
      ½‖x‖² in 10 dimensions from 3 with skewed noise, γ = 0.001, 20,000 steps, 5 seeds, \
      stochastic signs of radius 8 without momentum; the mean |∂f| per coordinate over the last \
      half of the steps.
      """
  ) { laboratory in
    let workers = [1, 3, 9, 27]
    let copies = 5
    let methods: [(name: String, momentum: Double, isStochastic: Bool, known: [Double])] = [
      ("signSGD", 0, false, [1.249, 1.249, 1.249, 1.249]),
      ("signum, θ = 0.9", 0.9, false, [0.056, 0.040, 0.037, 0.033]),
      ("signum, θ = 0.99", 0.99, false, [0.096, 0.066, 0.049, 0.038]),
      ("stochastic signs, θ = 0", 0, true, [0.477, 0.216, 0.056, 0.027]),
    ]
    let trials = methods.flatMap { method in
      workers.map { count in
        Trial(
          options: TrainingOptions.signs(momentum: method.momentum, learningRate: 1e-3).with {
            guard method.isStochastic else { return }
            $0.algorithm = .signumStochastic
            $0.momentum = 0
            $0.radius = .fixed(8)
          }, voters: count, steps: 20_000
        ) { try NoisyQuadratic(dimension: 10, copies: copies, noise: .skewed, start: .value(3)) }
      }
    }
    let norms = try laboratory.together(trials) { run in
      try run.meanGradientNorms(from: run.trial.steps / 2).map { $0 / 10 }
    }
    var measurements: [Measurement] = []
    var series: [Plot.Series] = []
    for (row, method) in methods.enumerated() {
      let own = Array(norms[row * workers.count..<(row + 1) * workers.count])
      for (column, known) in method.known.enumerated() {
        measurements.append(
          Measurement(
            "\(method.name), \(workers[column]) worker\(column == 0 ? "" : "s"): |∂f|",
            .near(known, percent: row == 0 ? 1 : 20), own[column]))
      }
      if row > 0 {
        measurements.append(
          Measurement(
            "\(method.name): 27 workers over 1", Expectation.below(1).inEverySeed,
            zip(own[3], own[0]).map { $0 / $1 }))
      }
      series.append(.init(name: method.name, points: points(workers.map(Double.init), own)))
    }
    return Finding(
      measurements: measurements,
      plots: [
        Plot(
          title: "Skewed noise: what more workers bring",
          x: .init(label: "workers", isLogarithmic: true, marks: workers.map(Double.init)),
          y: .init(label: "mean |∂f| per coordinate", isLogarithmic: true), series: series)
      ])
  }
}
