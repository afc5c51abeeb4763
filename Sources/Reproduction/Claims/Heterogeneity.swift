import Objectives
import Plots
import SignDescent
import Training

extension Claim {
  /// T6: what the vote finds when the workers' data differ.
  static let heterogeneity = Claim(
    name: "heterogeneity", number: 6,
    statement: """
      Where workers have different minima the vote of their signs goes to the median for any \
      number of workers; the vote of stochastic signs goes to the mean, up to a floor that more \
      workers lower.
      """,
    place: "sections 2.3 and 2.4; section 4, T6",
    method: """
      ½(x - a)² with a = 0, 0, 10 in turn, without noise, from 5, γ = 0.001, θ = 0.9, \
      40,000 steps (80,000 of 3 stochastic workers), stochastic signs of radius 12, 8 repeats for \
      each of 8 seeds; the mean of x over the last half of the steps. The expected places are \
      where half of the votes are won.
      """
  ) { laboratory in
    let workers = [3, 9, 33]
    let seeds = 8
    let repeats = 8
    let trials = [false, true].flatMap { isStochastic in
      workers.map { count in
        Trial(
          options: TrainingOptions.signs(momentum: 0.9, learningRate: 1e-3).with {
            if isStochastic {
              $0.algorithm = .signumStochastic
              $0.radius = .fixed(12)
            }
          }, voters: count,
          // Three stochastic voters settle with a time constant of 8,000 steps.
          steps: isStochastic && count == 3 ? 80_000 : 40_000
        ) { try HeterogeneousQuadratic(copies: seeds * repeats) }
      }
    }
    let means = try laboratory.together(trials) { run in
      try run.meanParameters(from: run.trial.steps / 2).means(ofParts: seeds)
    }
    let mean = 10.0 / 3
    let balance = [3.174, 3.303, 3.327]
    var measurements: [Measurement] = []
    for (index, count) in workers.enumerated() {
      measurements.append(
        Measurement(
          "signs, \(count) workers: x", .within(0, plusOrMinus: 0.01), means[index]))
    }
    for (index, count) in workers.enumerated() {
      measurements.append(
        Measurement(
          "stochastic signs, \(count) workers: x",
          .within(balance[index], plusOrMinus: 0.02), means[3 + index]))
    }
    for index in 0..<2 {
      measurements.append(
        Measurement(
          "distance from the mean, \(workers[index + 1]) over \(workers[index]) workers", .below(1),
          [abs(means[4 + index].mean - mean) / abs(means[3 + index].mean - mean)]))
    }
    let places = workers.map(Double.init)
    let distances = means.map { $0.map { abs($0 - mean) } }
    return Finding(
      measurements: measurements,
      plots: [
        Plot(
          title: "Different data: how far the vote ends from the mean of the minima",
          x: .init(label: "workers", isLogarithmic: true, marks: places),
          y: .init(label: "|x - 10/3|", isLogarithmic: true),
          series: [
            .init(name: "signs: the median", points: points(places, Array(distances[0..<3]))),
            .init(name: "stochastic signs", points: points(places, Array(distances[3..<6]))),
            .init(
              name: "where half of the votes are won",
              points: zip(places, balance).map { .init($0, abs($1 - mean)) }, style: .expected),
          ])
      ])
  }
}
