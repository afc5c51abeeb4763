import AlignedBuffers
import SignBits
import SignDescent
import TestSupport
import Testing

@Suite struct UpdateTests {
  private func numbers(_ count: Int, seed: Int) -> [Float] {
    var dice = Dice(seed: seed)
    return (0..<count).map { _ in dice.finite(odd: dice.roll(4) == 0) }
  }

  private func signs(_ count: Int, masked: Bool) -> [Int] {
    var dice = Dice(seed: count)
    return (0..<count).map { _ in masked && dice.roll(4) == 0 ? 0 : 1 - 2 * dice.roll(2) }
  }

  /// The definition, each rounding written out.
  private func signStep(_ value: Float, _ sign: Int, rate: Double, decay: Double) -> Float {
    let shrink = Float(1 - rate * decay)
    let shrunk = decay == 0 ? value : rounded(Double(shrink) * Double(value))
    return rounded(Double(shrunk) - Double(Float(rate)) * Double(sign))
  }

  @Test(arguments: [0, 0.1], [false, true])
  func signUpdate_atAnyAlignment(decay: Double, masked: Bool) {
    let count = 200
    let values = numbers(count, seed: 1)
    let signs = signs(count, masked: masked)
    let verdict = planes(signs)
    let update = SignUpdate(learningRate: 0.003, weightDecay: decay)
    for low in stride(from: 0, through: count, by: 3) {
      for high in [low, low + 1, low + 63, low + 64, low + 65, low + 128, count]
      where low <= high && high <= count {
        var moved = values
        update.apply(verdict, to: moved.mutableSpan, coordinates: low..<high)
        var expected = values
        for index in low..<high {
          expected[index] = signStep(values[index], signs[index], rate: 0.003, decay: decay)
        }
        #expect(bits(moved) == bits(expected), "\(low)..<\(high)")
      }
    }
  }

  @Test(arguments: edgeCounts)
  func signUpdate_ofAllCoordinates(count: Int) {
    let values = numbers(count, seed: 2)
    let signs = signs(count, masked: true)
    var moved = values
    SignUpdate(learningRate: 5e-4, weightDecay: 0.01).apply(
      planes(signs), to: moved.mutableSpan, coordinates: 0..<count)
    let expected = zip(values, signs).map { signStep($0, $1, rate: 5e-4, decay: 0.01) }
    #expect(bits(moved) == bits(expected))
  }

  @Test func signUpdate_doesNotContract() {
    let values = numbers(640, seed: 3)
    let signs = signs(640, masked: false)
    let shrink = Float(1 - 0.003 * 0.1)
    let contracted = zip(values, signs).map { value, sign in
      (-Float(0.003) * Float(sign)).addingProduct(shrink, value)
    }
    var moved = values
    SignUpdate(learningRate: 0.003, weightDecay: 0.1).apply(
      planes(signs), to: moved.mutableSpan, coordinates: 0..<640)
    #expect(moved != contracted)
  }

  @Test func signUpdate_aMaskedMinusZeroStays() {
    var values: [Float] = [Float](repeating: -0.0, count: 64)
    SignUpdate(learningRate: 1).apply(
      planes([Int](repeating: 0, count: 64)), to: values.mutableSpan, coordinates: 0..<64)
    #expect(bits(values) == [UInt32](repeating: 0x8000_0000, count: 64))
  }

  @Test func signUpdate_rangeOutside_traps() async {
    await #expect(processExitsWith: .failure) {
      var values: [Float] = [0, 0]
      SignUpdate(learningRate: 1).apply(
        SignPlanes(count: 2), to: values.mutableSpan, coordinates: 0..<3)
    }
  }

  private func gradientStep(_ value: Float, _ slope: Float, rate: Float, decay: Float) -> Float {
    let pull = rounded(Double(decay) * Double(value))
    let total = rounded(Double(slope) + Double(pull))
    return rounded(Double(value) - Double(rounded(Double(rate) * Double(total))))
  }

  @Test(arguments: [0, 0.01], [0..<0, 0..<130, 1..<130, 5..<77])
  func gradientUpdate_equalsItsDefinition(decay: Double, range: Range<Int>) {
    let values = numbers(130, seed: 4)
    let gradient = numbers(130, seed: 5)
    var moved = values
    GradientUpdate(learningRate: 0.1, weightDecay: decay).apply(
      gradient.span, to: moved.mutableSpan, coordinates: range)
    var expected = values
    for index in range {
      expected[index] = gradientStep(
        values[index], gradient[index], rate: Float(0.1), decay: Float(decay))
    }
    #expect(bits(moved) == bits(expected))
  }

  @Test(arguments: [0, 0.01], [0..<0, 0..<130, 1..<130, 5..<77])
  func heavyBall_equalsItsDefinition(decay: Double, range: Range<Int>) {
    let values = numbers(130, seed: 6)
    let gradient = numbers(130, seed: 7)
    let momentum = numbers(130, seed: 8)
    var moved = values
    var pushed = momentum
    HeavyBall(momentum: 0.9).add(gradient.span, to: pushed.mutableSpan, coordinates: range)
    GradientUpdate(learningRate: 0.05, weightDecay: decay).apply(
      pushed.span, to: moved.mutableSpan, coordinates: range)
    var expected = values
    var expectedMomentum = momentum
    for index in range {
      let kept = rounded(Double(Float(0.9)) * Double(momentum[index]))
      let next = rounded(Double(kept) + Double(gradient[index]))
      expectedMomentum[index] = next
      expected[index] = gradientStep(
        values[index], next, rate: Float(0.05), decay: Float(decay))
    }
    #expect(bits(pushed) == bits(expectedMomentum))
    #expect(bits(moved) == bits(expected))
  }
}
