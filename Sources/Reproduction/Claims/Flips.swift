import Foundation
import Objectives
import Plots
import Training

extension Claim {
  /// T18: how coherent momentum makes signs in time.
  static let flips = Claim(
    name: "flips", number: 18,
    statement: """
      On pure noise the sign of a momentum flips with probability arccos(θ)/π per step: this is \
      what makes votes worth less than one bit.
      """,
    place: "section 4, T18",
    method: """
      Gradients N(0, 1) in 200 dimensions (2,000 for θ = 0.999), 5 seeds; the share of signs that \
      flip from step to step in 2,000 steps, after 6/(1-θ) steps.
      """
  ) { laboratory in
    let momenta = laboratory.choose([0.9, 0.97, 0.99, 0.999], brief: [0.9])
    let counted = laboratory.choose(2_000, brief: 500)
    let copies = 5
    let trials = momenta.map { momentum in
      let settling = Int(6 / (1 - momentum))
      // The more coherent the signs, the fewer of them are independent.
      let dimension = laboratory.choose(max(200, Int(2 / (1 - momentum))), brief: 40)
      return Trial(
        options: .signs(momentum: momentum, learningRate: 1e-3), steps: settling + counted
      ) {
        try NoisyQuadratic(
          dimension: dimension, curvature: 0, copies: copies, noise: .gaussian(deviation: 1))
      }
    }
    let shares = try laboratory.apart(trials) { run in
      try run.advance(to: run.trial.steps - counted)
      var isNegative = run.withMomentum { momentum in momentum.indices.map { momentum[$0] < 0 } }
      let dimension = run.objective.dimension
      var counts = [Int](repeating: 0, count: copies)
      while run.stepsDone < run.trial.steps {
        try run.advance(to: run.stepsDone + 1)
        run.withMomentum { momentum in
          for index in momentum.indices where (momentum[index] < 0) != isNegative[index] {
            isNegative[index].toggle()
            counts[index / dimension] += 1
          }
        }
      }
      return counts.map { Double($0) / Double(counted * dimension) }
    }
    let predicted = momenta.map { acos($0) / Double.pi }
    let places = momenta.map { 1 - $0 }
    return Finding(
      measurements: momenta.indices.map { index in
        Measurement(
          "θ = \(momenta[index]): flips a step",
          .near(predicted[index], percent: laboratory.choose(2, brief: 5)), shares[index])
      },
      plots: [
        Plot(
          title: "Pure noise: how often the sign of a momentum flips",
          x: .init(label: "1 - θ", isLogarithmic: true, marks: places),
          y: .init(label: "flips a coordinate and step", isLogarithmic: true),
          series: [
            .init(name: "measured", points: points(places, shares)),
            .init(
              name: "arccos(θ)/π",
              points: (0...40).map { step in
                let past = 1 - pow(10, -3 + 2 * Double(step) / 40)
                return .init(1 - past, acos(past) / Double.pi)
              }, style: .expected),
          ])
      ])
  }
}
