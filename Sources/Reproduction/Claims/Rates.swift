import Foundation
import Objectives
import Plots
import SignDescent
import Training

extension Claim {
  /// T4: the rates of the theory, on the objective that stops signSGD.
  static let rates = Claim(
    name: "rates", number: 4,
    statement: """
      With the step size and momentum of the theory the mean gradient falls as T^(-1/4) with \
      momentum and as T^(-2/7) with extrapolated momentum, below bound (B1), for any noise and a \
      batch of one; signSGD stays at a floor.
      """,
    place: "sections 2.1 and 2.2; section 3.1, CE4; section 4, T4",
    method: """
      ½‖x‖² in 10 dimensions from 3, noise +15/4 with probability 1/4 and -5/4 with 3/4; T from \
      10^3 to 10^6 steps, 10 seeds; the mean over the steps of |∂f| per coordinate, the slope by \
      least squares over log10 T.
      """
  ) { laboratory in
    let experiment = RateExperiment(laboratory)
    let results = try experiment.run()
    return Finding(
      measurements: experiment.measurements(results), plots: [experiment.plot(results)])
  }
}

/// The runs of `rates`.
private struct RateExperiment {
  static let dimension = 10
  static let start: Float = 3
  let laboratory: Laboratory
  let lengths: [Int]
  let seeds: Int

  enum Method: String, CaseIterable {
    case signs = "signSGD"
    case momentum = "signum"
    case extrapolated = "signum, extrapolated"
  }

  init(_ laboratory: Laboratory) {
    self.laboratory = laboratory
    lengths = [1_000, 10_000, 100_000, 1_000_000]
    seeds = 10
  }

  /// |∂f| per coordinate: by method, length and seed.
  func run() throws -> [Method: [[Double]]] {
    // Each trial has half of the seeds, so that ranks share the longest trials evenly.
    let halves = [0, 1]
    var trials: [Trial] = []
    for method in Method.allCases {
      for length in lengths {
        for half in halves {
          trials.append(
            Trial(options: options(method, steps: length), steps: length, seed: half) {
              try NoisyQuadratic(
                dimension: Self.dimension, copies: seeds / 2, noise: .skewed,
                start: .value(Self.start))
            })
        }
      }
    }
    let norms = try laboratory.apart(trials) { try $0.meanGradientNorms() }
    var results: [Method: [[Double]]] = [:]
    var next = 0
    for method in Method.allCases {
      for _ in lengths {
        let seeds = norms[next..<next + halves.count].joined().map { $0 / Double(Self.dimension) }
        results[method, default: []].append(seeds)
        next += halves.count
      }
    }
    return results
  }

  private func options(_ method: Method, steps: Int) -> TrainingOptions {
    switch method {
    case .signs: .signs(learningRate: pow(Double(steps), -0.5))
    case .momentum, .extrapolated:
      TrainingOptions.signs(learningRate: 1).with {
        $0.algorithm = method == .momentum ? .signum : .signumExtrapolated
        $0.schedule = Schedule(.paper)
      }
    }
  }

  func measurements(_ results: [Method: [[Double]]]) -> [Measurement] {
    let known: [Method: [Double]] = [
      .signs: [1.279, 1.256, 1.253], .momentum: [0.884, 0.514, 0.294],
      .extrapolated: [0.715, 0.386, 0.204],
    ]
    let slopes: [Method: (Double, Double)] = [
      .signs: (0, 0.02), .momentum: (-0.25, 0.03), .extrapolated: (-2.0 / 7, 0.03),
    ]
    var measurements: [Measurement] = []
    for method in Method.allCases {
      guard let values = results[method], let slope = slopes[method] else { continue }
      measurements.append(
        Measurement(
          "\(method.rawValue): slope per decade of T",
          .within(slope.0, plusOrMinus: slope.1), self.slopes(values)))
      for (place, expected) in (known[method] ?? []).enumerated() where place < values.count {
        measurements.append(
          Measurement(
            "\(method.rawValue): mean |∂f|, T = 10^\(place + 3)",
            .near(expected, percent: method == .signs ? 1 : 20), values[place]))
      }
    }
    if let floor = results[.signs]?.last {
      measurements.append(
        Measurement("signSGD: floor of |∂f| at the longest T", .near(1.25, percent: 1), floor))
    }
    for (place, length) in lengths.enumerated() {
      guard let values = results[.momentum]?[place] else { continue }
      measurements.append(
        Measurement(
          "signum: mean ‖∇f‖₁ against (B1), T = 10^\(place + 3)",
          Expectation.below(Self.bound(steps: length)).inEverySeed,
          values.map { $0 * Double(Self.dimension) }))
    }
    return measurements
  }

  /// The slope of each seed.
  private func slopes(_ values: [[Double]]) -> [Double] {
    (0..<(values.first?.count ?? 0)).map { seed in
      slope(lengths.indices.map { (log10(Double(lengths[$0])), log10(values[$0][seed])) })
    }
  }

  /// Bound (B1) of section 2.1 on the mean of ‖∇f‖₁.
  static func bound(steps: Int) -> Double {
    let d = Double(dimension)
    let start = Double(Self.start)
    let smoothness = 1.0
    let deviation = (d * 75 / 16).squareRoot()
    let momentum = Schedule.paperMomentum(steps: steps)
    let rate = pow(Double(steps), -0.75)
    let height = d * start * start / 2
    let firstGradient = d.squareRoot() * start
    return height / (rate * Double(steps))
      + 2 * d.squareRoot() * firstGradient / ((1 - momentum) * Double(steps))
      + 2 * d * smoothness * rate * momentum / (1 - momentum)
      + 2 * d.squareRoot() * deviation * ((1 - momentum) / (1 + momentum)).squareRoot()
      + smoothness * d * rate / 2
  }

  func plot(_ results: [Method: [[Double]]]) -> Plot {
    let places = lengths.map(Double.init)
    var series = Method.allCases.map { method in
      Plot.Series(name: method.rawValue, points: Claim.points(places, results[method] ?? []))
    }
    series.append(
      .init(
        name: "bound (B1) / d, for signum",
        points: lengths.map {
          .init(Double($0), Self.bound(steps: $0) / Double(Self.dimension))
        }, style: .expected))
    return Plot(
      title: "Rates under skewed noise, batch 1: slopes -1/4 and -2/7, and a floor",
      x: .init(label: "steps T", isLogarithmic: true),
      y: .init(label: "mean |∂f| per coordinate", isLogarithmic: true), series: series)
  }
}
