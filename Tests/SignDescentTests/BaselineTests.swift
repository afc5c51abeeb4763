import AlignedBuffers
import Foundation
import SignDescent
import TestSupport
import Testing

@Suite struct AdamWTests {
  /// PyTorch's update of one parameter, in Double.
  private struct Reference {
    var value: Double
    var first = 0.0
    var second = 0.0

    mutating func step(_ slope: Double, _ step: Int, rate: Double, decay: Double) {
      value -= rate * decay * value
      first += 0.1 * (slope - first)
      second = 0.999 * second + 0.001 * slope * slope
      let mean = first / (1 - pow(0.9, Double(step)))
      let square = second / (1 - pow(0.999, Double(step)))
      value -= rate * mean / (sqrt(square) + 1e-8)
    }
  }

  @Test(arguments: [0, 0.1])
  func apply_followsTheReferenceInDouble(decay: Double) {
    var dice = Dice(seed: 30)
    let count = 70
    let start = (0..<count).map { _ in dice.finite(odd: false) }
    var references = start.map { Reference(value: Double($0)) }
    var parameters = start
    var first = [Float](repeating: 0, count: count)
    var second = first
    let adam = AdamW(learningRate: 0.01, weightDecay: decay)
    for step in 1...100 {
      let gradient = (0..<count).map { _ in dice.finite(odd: false) }
      adam.apply(
        gradient.span, first: first.mutableSpan, second: second.mutableSpan,
        to: parameters.mutableSpan, coordinates: 0..<count, step: step)
      for index in 0..<count {
        references[index].step(Double(gradient[index]), step, rate: 0.01, decay: decay)
      }
      // A step is about 0.01 long; an error of 1e-6 is one of 1e-4 of it.
      for index in 0..<count {
        #expect(abs(Double(parameters[index]) - references[index].value) < 1e-6 * Double(2 + step))
      }
    }
  }

  /// With a constant gradient every step is γ·sign(g), bias corrections included.
  @Test func apply_theFirstStep_isTheRate() {
    var parameters: [Float] = [1, 1, 1]
    var first = [Float](repeating: 0, count: 3)
    var second = first
    AdamW(learningRate: 0.125).apply(
      ([3, -1e-3, 0] as [Float]).span, first: first.mutableSpan,
      second: second.mutableSpan, to: parameters.mutableSpan, coordinates: 0..<3, step: 1)
    #expect(abs(parameters[0] - 0.875) < 1e-6 && abs(parameters[1] - 1.125) < 1e-5)
    #expect(parameters[2] == 1)
  }

  @Test func apply_movesItsCoordinatesAlone() {
    let start = LionPassTests.numbers(130, seed: 24)
    var parameters = start
    var first = [Float](repeating: 0, count: 130)
    var second = first
    AdamW(learningRate: 0.1, weightDecay: 0.1, betas: (0.8, 0.9)).apply(
      [Float](repeating: 1, count: 130).span, first: first.mutableSpan,
      second: second.mutableSpan, to: parameters.mutableSpan, coordinates: 7..<99, step: 1)
    for index in 0..<130 {
      let inside = (7..<99).contains(index)
      #expect((first[index] != 0) == inside && (second[index] != 0) == inside)
      if !inside { #expect(parameters[index].bitPattern == start[index].bitPattern) }
    }
    #expect(first[50] == Float(1 - 0.8) && second[50] == Float(1 - 0.9))
  }

  @Test func misuse_traps() async {
    await #expect(processExitsWith: .failure) {
      var first: [Float] = [0]
      var second = first
      var parameters = first
      AdamW(learningRate: 1).apply(
        ([1] as [Float]).span, first: first.mutableSpan, second: second.mutableSpan,
        to: parameters.mutableSpan, coordinates: 0..<1, step: 0)
    }
    await #expect(processExitsWith: .failure) { _ = AdamW(learningRate: 1, betas: (0.9, 1)) }
  }
}

@Suite struct GradientClipTests {
  @Test(arguments: [1, 7, 8, 9, 100])
  func apply_scalesToTheBound(count: Int) {
    let gradient = LionPassTests.numbers(count, seed: 28)
    let norm = gradient.map { Double($0) * Double($0) }.reduce(0, +).squareRoot()
    var clipped = gradient
    let before = GradientClip(norm: norm / 3).apply(to: clipped.mutableSpan)
    #expect(abs(before - norm) <= 1e-12 * norm)
    let scale = Double(Float(norm / 3 / before))
    #expect(clipped == gradient.map { rounded(Double($0) * scale) })
    let after = clipped.map { Double($0) * Double($0) }.reduce(0, +).squareRoot()
    #expect(abs(after - norm / 3) <= 1e-6 * norm)
  }

  @Test func apply_leavesShorterOnesAndThoseNotFinite() {
    let gradients: [[Float]] = [
      [3, -4], [0, 0], [], [.nan, 10], [.infinity, 1], [.leastNonzeroMagnitude],
    ]
    for gradient in gradients {
      var clipped = gradient
      GradientClip(norm: 5).apply(to: clipped.mutableSpan)
      #expect(bits(clipped) == bits(gradient))
    }
  }

  /// The squares of large Float32 are no overflow.
  @Test func apply_hugeGradients_areClipped() {
    var gradient: [Float] = [3e38, -3e38]
    let norm = GradientClip(norm: 1).apply(to: gradient.mutableSpan)
    #expect(norm > 4e38)
    #expect(abs(gradient[0] - Float(0.5).squareRoot()) < 1e-6 && gradient[1] == -gradient[0])
  }

  @Test func misuse_traps() async {
    await #expect(processExitsWith: .failure) { _ = GradientClip(norm: 0) }
    await #expect(processExitsWith: .failure) { _ = GradientClip(norm: .infinity) }
  }
}
