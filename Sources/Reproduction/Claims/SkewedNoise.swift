import Objectives
import Plots
import Training

extension Claim {
  /// T1: the first counterexample to signSGD, and how much momentum it takes.
  static let skewedNoise = Claim(
    name: "skewed-noise", number: 1,
    statement: """
      On a slope whose noise is skewed signSGD climbs; momentum makes it descend, but only enough \
      of it: the threshold lies near θ = 0.6.
      """,
    place: "section 3.1, CE1; section 4, T1",
    method: """
      x/4 on [-1, 1] from 0, gradients +4 with probability 1/4 and -1 with 3/4; γ = 0.001, \
      20,000 steps, 50 repeats for each of 5 seeds.
      """
  ) { laboratory in
    let all: [(momentum: Double, end: Double?, correct: Double?)] = [
      (0, 0.999, 0.25), (0.5, 0.993, 0.45), (0.6, nil, 0.5), (0.7, -0.981, 0.55),
      (0.9, -0.986, 0.67), (0.95, nil, 0.755), (0.99, -0.997, 0.952), (0.999, -1, nil),
    ]
    let known = laboratory.choose(all, brief: [all[0], all[4]])
    let steps = laboratory.choose(20_000, brief: 6_000)
    let seeds = laboratory.choose(5, brief: 1)
    let copies = laboratory.choose(50, brief: 20)
    let trials = known.flatMap { row in
      (0..<seeds).map { seed in
        Trial(
          options: .signs(momentum: row.momentum, learningRate: 1e-3), steps: steps, seed: seed
        ) { try LinearTrap(copies: copies) }
      }
    }
    let results = try laboratory.apart(trials) { run in
      var correct = 0
      try run.advance { run in
        guard run.stepsDone > 0 else { return }
        run.withMomentum { momentum in
          for index in momentum.indices where momentum[index] > 0 { correct += 1 }
        }
      }
      return [run.parameters.mean, Double(correct) / Double(copies * (run.trial.steps - 1))]
    }

    var measurements: [Measurement] = []
    var ends: [[Double]] = []
    var shares: [[Double]] = []
    for (index, row) in known.enumerated() {
      let own = results[index * seeds..<(index + 1) * seeds]
      ends.append(own.map { $0[0] })
      shares.append(own.map { $0[1] })
      if let end = row.end {
        measurements.append(
          Measurement(
            "θ = \(row.momentum): mean final x",
            .within(end, plusOrMinus: laboratory.choose(0.02, brief: 0.04)), ends[index]))
      }
      if let correct = row.correct {
        measurements.append(
          Measurement(
            "θ = \(row.momentum): P(sign of the momentum is right)",
            .within(correct, plusOrMinus: laboratory.choose(0.01, brief: 0.02)), shares[index]))
      }
    }
    let names = known.map { "\($0.momentum)" }
    let places = known.indices.map(Double.init)
    return Finding(
      measurements: measurements,
      plots: [
        Plot(
          title: "Skewed noise: where 20,000 steps lead",
          x: .init(label: "momentum θ", names: names), y: .init(label: "final x; share of steps"),
          series: [
            .init(name: "final x (the minimum is -1)", points: points(places, ends)),
            .init(name: "share of steps with the right sign", points: points(places, shares)),
            .init(
              name: "share at which signs lead nowhere",
              points: [.init(0, 0.5), .init(Double(known.count - 1), 0.5)], style: .expected),
          ])
      ])
  }

  /// Points over seeds at places.
  static func points(_ places: [Double], _ values: [[Double]]) -> [Plot.Point] {
    zip(places, values).map { Plot.Point($0, over: $1) }
  }
}
