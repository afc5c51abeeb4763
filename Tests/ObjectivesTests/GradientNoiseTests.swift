import CounterRandom
import Foundation
import Objectives
import Testing

@Suite struct GradientNoiseTests {
  /// The noise of `count` coordinates: the gradient of pure noise.
  private func noise(
    _ noise: GradientNoise, count: Int, samples: Int = 1, step: Int = 0, copies: Int = 1
  ) throws -> [Double] {
    let objective = try NoisyQuadratic(
      dimension: count / copies, curvature: 0, copies: copies, noise: noise)
    let zero = [Float](repeating: 0, count: count)
    return objective.draw(at: zero, step: step, samples: samples).map { Double($0) }
  }

  private func stream(step: Int = 0) -> RandomStream {
    RandomStream(seed: 1, purpose: .gradientNoise, step: step)
  }

  @Test(arguments: [1, 7, 8, 9, 21], [0, 5, 1 << 43])
  func gaussian_isTheStreamsNormal(count: Int, step: Int) throws {
    let expected = (0..<count).map { Float(0.5 * stream(step: step).normal(at: $0)) }
    let drawn = try noise(
      .gaussian(deviation: 1), count: count, samples: 4, step: step)
    #expect(drawn.map { Float($0) } == expected)
  }

  @Test func sparse_isInTheFirstCoordinateOfEachCopy() throws {
    let drawn = try noise(.sparse(deviation: 100), count: 12, samples: 4, copies: 3)
    let expected = (0..<12).map { $0 % 4 == 0 ? Float(50 * stream().normal(at: $0)) : 0 }
    #expect(drawn.map { Float($0) } == expected)
  }

  /// Event k happens when bit k mod 64 is set in both words of block k div 64.
  @Test(arguments: [1, 2, 3, 10, 63, 64, 65, 128, 200, 256])
  func skewed_countsEventsOneByOne(samples: Int) throws {
    let drawn = try noise(.skewed, count: 9, samples: samples)
    let stream = stream()
    for (index, value) in drawn.enumerated() {
      var sum = 0.0
      for event in index * samples..<(index + 1) * samples {
        let both = stream.word(at: 2 * (event / 64)) & stream.word(at: 2 * (event / 64) + 1)
        sum += both >> UInt64(event % 64) & 1 == 1 ? 3.75 : -1.25
      }
      #expect(abs(value - sum / Double(samples)) < 1e-6)
    }
  }

  @Test(arguments: [1, 2, 16, 256])
  func skewed_hasTheMomentsOfABatch(samples: Int) throws {
    let count = 20_000
    let drawn = try noise(.skewed, count: count, samples: samples)
    let mean = drawn.reduce(0, +) / Double(count)
    let variance = drawn.reduce(0) { $0 + $1 * $1 } / Double(count)
    let expected = 75.0 / 16 / Double(samples)
    #expect(abs(mean) < 5 * (expected / Double(count)).squareRoot())
    // The excess kurtosis of a mean of B draws is (1 - 6 p q) / (B p q) = -2/3/B here.
    let relative = ((2 - 2.0 / 3 / Double(samples)) / Double(count)).squareRoot()
    #expect(abs(variance / expected - 1) < 5 * relative)
    if samples == 1 { #expect(Set(drawn) == [3.75, -1.25]) }
  }

  /// Quantiles of Student's t (tables; for 1.5 the integral of the density).
  @Test(
    arguments: [
      (1, [0.32492, 1, 3.07768, 12.7062]), (1.5, [0.30075, 0.87259, 2.19640, 6.01666]),
      (2, [0.28868, 0.81650, 1.88562, 4.30265]), (5, [0.26718, 0.72669, 1.47588, 2.57058]),
      (1e9, [0.25335, 0.67449, 1.28155, 1.95996]),
    ] as [(Double, [Double])])
  func studentT_hasItsQuantiles(degrees: Double, quantiles: [Double]) throws {
    let count = 20_000
    let drawn = try noise(.studentT(degrees: degrees), count: count)
    for (level, quantile) in zip([0.6, 0.75, 0.9, 0.975], quantiles) {
      let error = 5 * (level * (1 - level) / Double(count)).squareRoot()
      for sign in [1.0, -1] {
        let share = Double(drawn.filter { sign * $0 <= quantile }.count) / Double(count)
        #expect(abs(share - level) < error, "level \(level), sign \(sign)")
      }
    }
  }

  /// For ν = 2 the radius √(ν (U^(-2/ν) - 1)) needs no power.
  @Test func studentT_averagesItsDraws() throws {
    let drawn = try noise(.studentT(degrees: 2), count: 5, samples: 3)
    for (index, value) in drawn.enumerated() {
      let draws = (3 * index..<3 * index + 3).map { draw in
        let u = 1 - stream().uniform(at: 2 * draw)
        return (2 / u - 2).squareRoot() * cos(2 * Double.pi * stream().uniform(at: 2 * draw + 1))
      }
      let mean = draws.reduce(0, +) / 3
      #expect(abs(value - mean) < 1e-6 * max(1, abs(mean)))
    }
  }
}
