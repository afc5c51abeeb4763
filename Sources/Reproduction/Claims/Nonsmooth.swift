import Objectives
import Plots
import Training

extension Claim {
  /// T2: the second counterexample, where not even the full gradient helps.
  static let nonsmooth = Claim(
    name: "nonsmooth", number: 2,
    statement: """
      In a sharp valley the signs of the full gradient never lead along it, whatever the step \
      size; momentum with (1-θ)/(1+θ) < ε does.
      """,
    place: "section 3.1, CE2; section 4, T2",
    method: """
      ε|x₁ + x₂| + |x₁ - x₂|, γ = 2^-10. Without momentum from (1, 1), 20,000 steps; with \
      momentum from 5 starts (1, 1 + k·0.0007), f after 6,000 steps.
      """
  ) { laboratory in
    let stuck = [0.5, 0.1]
    // Where the condition holds, which is sufficient and not necessary.
    let escaping: [(slope: Double, momentum: Double)] = [
      (0.5, 0.5), (0.5, 0.9), (0.5, 0.99), (0.1, 0.9), (0.1, 0.99),
    ]
    let starts = laboratory.choose(5, brief: 1)
    let steps = laboratory.choose(20_000, brief: 2_000)
    let trials =
      stuck.map { slope in
        Trial(options: .signs(learningRate: 0x1p-10), steps: steps) {
          try DiagonalTrap(slope: slope)
        }
      }
      + escaping.flatMap { row in
        (1...starts).map { start in
          Trial(options: .signs(momentum: row.momentum, learningRate: 0x1p-10), steps: 6_000) {
            try DiagonalTrap(slope: row.slope, start: SIMD2(1, 1 + Float(start) * 0.0007))
          }
        }
      }
    let interval = 100
    let courses = try laboratory.apart(trials) { try $0.course(every: interval) }

    var measurements = zip(stuck, courses).map { slope, course in
      Measurement(
        "ε = \(slope), θ = 0: f at the end", .exactly(2 * slope), [course[course.count - 1]]
      )
    }
    var series = [
      Plot.Series(
        name: "θ = 0", points: points(Array(courses[0].prefix(6_000 / interval)), every: interval),
        style: .course)
    ]
    for (index, row) in escaping.enumerated() {
      let first = stuck.count + index * starts
      let own = courses[first..<first + starts]
      measurements.append(
        Measurement(
          "ε = \(row.slope), θ = \(row.momentum): f after 6,000 steps",
          Expectation.below(0.01).inEverySeed, own.map { $0[$0.count - 1] }))
      guard row.slope == 0.5 else { continue }
      series.append(
        .init(
          name: "θ = \(row.momentum)", points: points(courses[first], every: interval),
          style: .course))
    }
    return Finding(
      measurements: measurements,
      plots: [
        Plot(
          title: "A sharp valley with the full gradient, ε = 0.5",
          x: .init(label: "step"), y: .init(label: "f", range: 0...1.6), series: series)
      ])
  }

  /// A course over time.
  private static func points(_ course: [Double], every interval: Int) -> [Plot.Point] {
    course.enumerated().map { .init(Double($0.offset * interval), $0.element) }
  }
}
