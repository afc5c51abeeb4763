import Objectives
import Testing

@Suite struct NoisyQuadraticTests {
  private func batch(_ count: Int, rank: Int = 0, step: Int = 0, seed: UInt64 = 1) -> Batch {
    var batch = Batch(capacity: count, width: 0)
    batch.removeAll(leaving: count)
    batch.noise = NoisePosition(seed: seed, rank: rank, step: step)
    return batch
  }

  @Test func withoutNoise_isTheExactGradient() throws {
    let objective = try NoisyQuadratic(
      curvatures: [1, 4, 0.5], noise: .gaussian(deviation: 0))
    let samples = batch(2)
    let result = try objective.gradient(at: [3, -1, 2] as [Float], on: samples)
    #expect(result.gradient == [3, -4, 1])
    #expect(result.loss == 0.5 * (9 + 4 + 2))
    let sum = try objective.evaluate(at: [3, -1, 2] as [Float], on: samples).loss
    #expect(sum == 2 * result.loss)
    #expect(objective.classCount == nil)
  }

  @Test(arguments: [1, 16])
  func noise_hasTheVarianceOfABatch(count: Int) throws {
    let dimension = 10_000
    let objective = try NoisyQuadratic(dimension: dimension, noise: 3)
    let samples = batch(count)
    let zero = [Float](repeating: 0, count: dimension)
    let noise = try objective.gradient(at: zero, on: samples).gradient.map { Double($0) }
    let mean = noise.reduce(0, +) / Double(dimension)
    let variance = noise.reduce(0) { $0 + $1 * $1 } / Double(dimension)
    let expected = 9 / Double(count)
    // Five standard errors of the mean and of the variance of normal numbers.
    #expect(abs(mean) < 5 * (expected / Double(dimension)).squareRoot())
    #expect(abs(variance / expected - 1) < 5 * (2 / Double(dimension)).squareRoot())
  }

  @Test func noise_dependsOnSeedRankAndStepAlone() throws {
    let objective = try NoisyQuadratic(dimension: 8, noise: 1)
    let point = objective.initial(seed: 5)
    let places: [(rank: Int, step: Int, seed: UInt64)] = [
      (0, 0, 1), (1, 0, 1), (0, 1, 1), (0, 0, 2), (0, 0, 1),
    ]
    let draws = try places.map {
      let samples = batch(1, rank: $0.rank, step: $0.step, seed: $0.seed)
      return try objective.gradient(at: point, on: samples).gradient
    }
    #expect(Set(draws).count == 4)
    #expect(draws[0] == draws[4])
  }

  @Test func initialize_dependsOnTheSeedAlone() throws {
    let objective = try NoisyQuadratic(dimension: 10_000, noise: 0)
    let start = objective.initial(seed: 7)
    #expect(start == objective.initial(seed: 7))
    #expect(start != objective.initial(seed: 8))
    let squares = start.reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(abs(squares / 10_000 - 1) < 0.07)
  }

  @Test func dimension_isChecked() {
    #expect(throws: ParameterLayoutError.self) { try NoisyQuadratic(dimension: 0, noise: 1) }
    #expect(throws: ParameterLayoutError.self) { try NoisyQuadratic(dimension: .max, noise: 1) }
  }
}
