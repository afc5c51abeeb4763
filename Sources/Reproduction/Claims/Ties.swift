import Objectives
import Plots
import SignBits
import Training

extension Claim {
  /// T17: what a tied vote must not count as.
  static let ties = Claim(
    name: "ties", number: 17,
    statement: """
      At even numbers of workers, ties that count as +1 move the minimum to where half of the \
      votes are won without them; ties at 0 or by a fair coin leave it in place.
      """,
    place: "section 4, T17",
    method: """
      ½x² from N(0, 1), noise N(0, 1), γ = 0.01, 8,000 steps, 80 repeats / workers (fair: \
      160) for each of 10 seeds; the mean of x over the last three quarters of the steps.
      """
  ) { laboratory in
    typealias Case = (rule: SignRule, workers: Int, momentum: Double, expected: Double)
    let predicted = [(2, -0.545), (4, -0.290), (8, -0.151)]
    let inFull: [Case] =
      predicted.map { (.positive, $0.0, 0, $0.1) }
      + [(.positive, 3, 0, 0), (.positive, 2, 0.9, -0.125)]
      + predicted.map { (.fair, $0.0, 0, 0) } + predicted.map { (.exact, $0.0, 0, 0) }
    let cases = laboratory.choose(
      inFull, brief: inFull.filter { $0.workers < 4 && $0.momentum == 0 })
    let steps = laboratory.choose(8_000, brief: 1_500)
    let seeds = 10
    let trials = cases.map { row in
      Trial(
        options: TrainingOptions.signs(momentum: row.momentum, learningRate: 0.01)
          .with { $0.signRule = row.rule },
        voters: row.workers, steps: steps
      ) {
        // Few workers, and coins held for 16 steps, leave more noise in x: they take more repeats.
        let repeats = (row.rule == .fair ? 160 : 80) / row.workers
        return try NoisyQuadratic(
          dimension: laboratory.choose(repeats, brief: 4), copies: seeds,
          noise: .gaussian(deviation: 1))
      }
    }
    let means = try laboratory.together(trials) { run in
      try run.meanParameters(from: laboratory.choose(2_000, brief: 500)).means(ofParts: seeds)
    }
    let measurements = zip(cases, means).map { row, means in
      Measurement(
        "ties \(row.rule.rawValue), \(row.workers) workers, θ = \(row.momentum): mean x",
        .within(
          row.expected,
          plusOrMinus: laboratory.choose(row.expected == 0 ? 0.003 : 0.01, brief: 0.05)), means)
    }
    let series = SignRule.allCases.map { rule in
      Plot.Series(
        name: "ties \(rule.rawValue)",
        points: zip(cases, means).filter {
          $0.0.rule == rule && $0.0.momentum == 0 && $0.0.workers != 3
        }
        .sorted { $0.0.workers < $1.0.workers }
        .map { Plot.Point(Double($0.0.workers), over: $0.1) })
    }
    let theory = Plot.Series(
      name: "ties at +1, predicted", points: predicted.map { .init(Double($0.0), $0.1) },
      style: .expected)
    return Finding(
      measurements: measurements,
      plots: [
        Plot(
          title: "Where the vote settles on ½x², by the rule for ties",
          x: .init(label: "workers", range: 1.5...8.5), y: .init(label: "mean x"),
          series: series + [theory])
      ])
  }
}
