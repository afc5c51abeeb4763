import Objectives
import Testing

/// What is claimed of CE1 to CE4, in exact arithmetic: steps and starts are powers of two.
@Suite struct TrapTests {
  private let rate: Float = 1 / 1024

  /// Whether a gradient points along ±(1, -1).
  private func isDiagonal(_ gradient: [Float]) -> Bool {
    gradient[0] > 0 && gradient[1] < 0 || gradient[0] < 0 && gradient[1] > 0
  }

  /// The points that sign descent without momentum visits from the start.
  private func path(of objective: some ClosedFormObjective, steps: Int) -> [[Float]] {
    var place = objective.initial(seed: 1)
    return (0..<steps).map { step in
      let gradient = objective.draw(at: place, step: step)
      #expect(isDiagonal(gradient))
      for index in 0..<2 { place[index] -= gradient[index] < 0 ? -rate : rate }
      return place
    }
  }

  @Test(arguments: [1, 2, 8])
  func linearTrap_drawsFourAndMinusOne(samples: Int) throws {
    let objective = try LinearTrap(copies: 4000)
    let draw = objective.draw(at: objective.initial(seed: 1), step: 1, samples: samples)
    let allowed: [Float] = (0...samples).map { events in
      Float(5 * events - samples) / Float(samples)
    }
    #expect(Set(draw).isSubset(of: allowed))
    // P(no event of probability 1/4 in B draws).
    let probabilities: [Int: Double] = [1: 0.75, 2: 0.5625, 8: 0.1001]
    let expected = try #require(probabilities[samples])
    let share = Double(draw.filter { $0 == -1 }.count) / 4000
    let error = (expected * (1 - expected) / 4000).squareRoot()
    #expect(abs(share - expected) < 5 * error)
  }

  @Test func linearTrap_projects() throws {
    var place: [Float] = [-2, -1, -0.5, 0, 1, 1.0001, .infinity, .nan]
    try LinearTrap(copies: 8).project(place.mutableSpan)
    #expect(place.dropLast() == [-1, -1, -0.5, 0, 1, 1, 1])
    #expect(place[7].isNaN)
  }

  @Test(arguments: [0.125, 0.5, 0.875])
  func diagonalTrap_keepsTheSumAndTheFloor(slope: Double) throws {
    let objective = try DiagonalTrap(slope: slope)
    for place in path(of: objective, steps: 500) {
      #expect(place[0] + place[1] == 2)
      #expect(objective.value(at: place) >= 2 * slope)
    }
    // At a kink the chosen sign is +1: zero would let it escape.
    let (up, down) = (Float(slope + 1), Float(slope - 1))
    #expect(objective.exactGradient(at: [1, 1]) == [up, down])
    #expect(objective.exactGradient(at: [-1, -1]) == [-down, -up])
    #expect(objective.exactGradient(at: [0, 0]) == [up, down])
    #expect(objective.exactGradient(at: [1, -1]) == [up, down])
    #expect(objective.exactGradient(at: [-1, 1]) == [down, up])
  }

  @Test(arguments: [0.125, 0.5, 0.875])
  func twoSampleTrap_keepsTheSumAndTheFloor(common: Double) throws {
    let objective = try TwoSampleTrap(common: common)
    let places = path(of: objective, steps: 500)
    for place in places {
      let s = Double(place[0]) - 1
      #expect(place[0] + place[1] == 2)
      #expect(objective.value(at: place) == 8 * s * s + 8 * common * common)
    }
    #expect(Set(places).count > 5, "it moves along the line")
  }

  @Test func twoSampleTrap_drawsOneOfTwoTerms() throws {
    let objective = try TwoSampleTrap(common: 0.5, copies: 1000)
    let place = (0..<1000).flatMap { _ in [2, 0.5] as [Float] }
    let draw = objective.draw(at: place, step: 3)
    // <a1, x> = 1.5 + 1.25, a1 = (1.5, -0.5); <a2, x> = -1.5 + 1.25, a2 = (-0.5, 1.5).
    let pairs = stride(from: 0, to: 2000, by: 2).map { [draw[$0], draw[$0 + 1]] }
    #expect(Set(pairs) == [[16.5, -5.5], [0.5, -1.5]])
    let ones = pairs.filter { $0[0] > 1 }.count
    #expect(abs(ones - 500) < 80)
    #expect(objective.exactGradient(at: place).prefix(2) == [8.5, -3.5])
  }

  /// P(g > 0) = 1/4 for -15/4 < x < 5/4: the sign of one draw leads away from 0 below 5/4.
  @Test(
    arguments: [
      (-3.76, 0), (-3.74, 0.25), (0, 0.25), (1.24, 0.25), (1.26, 1), (3, 1),
    ] as [(Float, Double)])
  func skewedQuadratic_isPositiveOneTimeInFour(x: Float, probability: Double) throws {
    let objective = try NoisyQuadratic(dimension: 10, copies: 400, noise: .skewed)
    let draw = objective.draw(at: [Float](repeating: x, count: 4000), step: 5)
    let share = Double(draw.filter { $0 > 0 }.count) / 4000
    #expect(abs(share - probability) <= 5 * (0.1875 / 4000).squareRoot())
    if probability != 0.25 { #expect(share == probability) }
  }

  @Test func heterogeneousQuadratic_hasATargetARank() throws {
    let objective = try HeterogeneousQuadratic(copies: 2)
    let gradients = (0..<6).map { objective.draw(at: [5, 4], rank: $0, step: 1, samples: 9) }
    #expect(gradients.prefix(3) == [[5, 4], [5, 4], [-5, -6]])
    #expect(gradients.suffix(3) == gradients.prefix(3))
    #expect(objective.minimum == 10.0 / 3)
    let mean = objective.exactGradient(at: [5, 4])
    for index in 0..<2 {
      let sum = gradients.prefix(3).reduce(0) { $0 + $1[index] }
      #expect(abs(sum / 3 - mean[index]) < 1e-6)
    }
    // f = mean of (x - a)²/2, by hand at 5 and 4.
    #expect(objective.value(at: [5, 4]) == 75.0 / 6 + 68.0 / 6)
  }

  @Test func spacedCurvatures_haveEqualRatios() {
    let curvatures = NoisyQuadratic.spacedCurvatures(count: 5, from: 0.1, to: 10)
    #expect(curvatures.count == 5 && curvatures[0] == 0.1 && curvatures[4] == 10)
    for (one, next) in zip(curvatures, curvatures.dropFirst()) {
      #expect(abs(next / one - 3.162_277_66) < 1e-8)
    }
  }
}
