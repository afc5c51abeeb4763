import Foundation
import Objectives
import Plots
import SignDescent
import Training

extension Claim {
  /// T10: that it is the extrapolation which wins.
  static let extrapolation = Claim(
    name: "extrapolation", number: 10,
    statement: """
      On a smooth function the gradient taken ahead of the parameters is what improves the rate: \
      with the same step size and momentum, but without it, the gradient stays several times \
      larger.
      """,
    place: "sections 1.2 and 2.2; section 4, T10",
    method: """
      ½ Σ λᵢxᵢ² in 50 dimensions, λ from 0.1 to 10 in equal ratios, from 2 N(0, I), noise N(0, 1), \
      5 seeds; the mean of ‖∇f‖₁ over the last half of T steps.
      """
  ) { laboratory in
    let lengths = laboratory.choose([1_000, 10_000, 100_000], brief: [1_000])
    let copies = laboratory.choose(5, brief: 3)
    let curvatures = NoisyQuadratic.spacedCurvatures(count: 50, from: 0.1, to: 10)
    let methods: [(name: String, options: (Int) -> TrainingOptions, known: [Double])] = [
      ("extrapolated", { _ in theory(.signumExtrapolated) }, [3.9, 1.85, 0.96]),
      ("without the extrapolation", { sameWithout(steps: $0) }, [10.3, 5.5, 3.3]),
      ("signum with its own schedule", { _ in theory(.signum) }, [10.0, 4.0, 2.2]),
    ]
    let trials = methods.flatMap { method in
      lengths.map { length in
        Trial(options: method.options(length), steps: length) {
          try NoisyQuadratic(
            curvatures: curvatures, copies: copies, noise: .gaussian(deviation: 1),
            start: .normal(scale: 2))
        }
      }
    }
    let norms = try laboratory.apart(trials) { try $0.meanGradientNorms(from: $0.trial.steps / 2) }
    var measurements: [Measurement] = []
    var series: [Plot.Series] = []
    let ahead = Array(norms.prefix(lengths.count))
    for (row, method) in methods.enumerated() {
      let own = Array(norms[row * lengths.count..<(row + 1) * lengths.count])
      for place in lengths.indices {
        let length = "T = 10^\(place + 3)"
        measurements.append(
          Measurement(
            "\(method.name), \(length): ‖∇f‖₁", .near(method.known[place]), own[place]))
        guard row > 0 else { continue }
        measurements.append(
          Measurement(
            "\(method.name) over extrapolated, \(length)", Expectation.above(1).inEverySeed,
            zip(own[place], ahead[place]).map { $0 / $1 }))
      }
      series.append(.init(name: method.name, points: points(lengths.map(Double.init), own)))
    }
    return Finding(
      measurements: measurements,
      plots: [
        Plot(
          title: "A stretched quadratic: the gradient ahead of the parameters",
          x: .init(label: "steps T", isLogarithmic: true),
          y: .init(label: "mean ‖∇f‖₁ in the last half", isLogarithmic: true), series: series)
      ])
  }

  /// An algorithm with the step size and momentum that the theory has for it.
  private static func theory(_ algorithm: Algorithm) -> TrainingOptions {
    TrainingOptions.signs(learningRate: 1).with {
      $0.algorithm = algorithm
      $0.schedule = Schedule(.paper)
    }
  }

  /// Plain momentum with the step size and momentum of the extrapolated one.
  private static func sameWithout(steps: Int) -> TrainingOptions {
    let length = Double(steps)
    return .signs(momentum: 1 - pow(length, -4.0 / 7), learningRate: pow(length, -5.0 / 7))
  }
}
