import AlignedBuffers
import SignBits
import SignDescent
import TestSupport
import Testing

/// What must not change the signs (claim T14).
@Suite struct InvarianceTests {
  private static let count = 400

  /// The same run for gradients g_t and 2^k·g_t, by any pass.
  private func compareScaled(
    exponent: Int, _ run: (inout [Float], [Float], [Float], inout SignPlanes) -> Void
  ) {
    var dice = Dice(seed: 200 + exponent)
    let scale = Float(sign: .plus, exponent: exponent, significand: 1)
    var states = (
      [Float](repeating: 0, count: Self.count), [Float](repeating: 0, count: Self.count)
    )
    var ballot = SignPlanes(count: Self.count)
    var other = SignPlanes(count: Self.count)
    for _ in 0..<30 {
      let gradient = (0..<Self.count).map { _ in dice.finite(odd: false) }
      let previous = gradient.map { $0 + dice.finite(odd: false) / 64 }
      run(&states.0, gradient, previous, &ballot)
      run(&states.1, gradient.map { $0 * scale }, previous.map { $0 * scale }, &other)
      #expect(list(ballot) == list(other))
    }
    #expect(states.0.map { $0 * scale } == states.1)
  }

  @Test(arguments: [-20, 3, 17])
  func scalingTheLoss_leavesBallots(exponent: Int) {
    let lion = LionPass(momentum: 0.99, interpolation: 0.9, rule: .exact)
    compareScaled(exponent: exponent) { state, gradient, _, ballot in
      _ = lion.run(momentum: state.mutableSpan, gradient: gradient.span, into: &ballot)
    }
    let storm = StormPass(momentum: 0.9, rule: .exact)
    compareScaled(exponent: exponent) { state, gradient, previous, ballot in
      _ = storm.run(
        estimate: state.mutableSpan, gradient: gradient.span, previous: previous.span,
        into: &ballot)
    }
    let momentum = MomentumPass(momentum: 0.9, rule: .exact)
    let radius = StochasticRadius.rootMeanSquare(factor: 3)
    compareScaled(exponent: exponent) { state, gradient, _, ballot in
      _ = momentum.run(momentum: state.mutableSpan, gradient: gradient.span, into: &ballot)
      let all = 0..<Self.count
      StochasticSign(seed: 1, rule: .exact).pack(
        state.span, radius: radius.radius(of: radius.contribution(of: state.span, in: all)),
        coordinates: all, owner: 1, step: 2, into: &ballot)
    }
  }

  @Test func withoutThePast_theSignsAreTheGradients() {
    let gradient = LionPassTests.gradient(Self.count, seed: 0)
    var momentum = LionPassTests.numbers(Self.count, seed: 3)
    var ballot = SignPlanes(count: Self.count)
    _ = MomentumPass(momentum: 0, rule: .exact).run(
      momentum: momentum.mutableSpan, gradient: gradient.span, into: &ballot)
    #expect(list(ballot) == gradient.map { naiveSign($0, .exact) })
  }

  /// The signs of heavy-ball momentum and of the average, over a run of noise.
  private func differences(theta: Double, steps: Int) -> (count: Int, largestShare: Float) {
    let count = 2000
    var dice = Dice(seed: 17)
    var average = [Float](repeating: 0, count: count)
    var heavy = average
    var ballot = SignPlanes(count: count)
    var other = SignPlanes(count: count)
    let pass = MomentumPass(momentum: theta, rule: .exact)
    let ball = HeavyBall(momentum: theta)
    var differing = 0
    var largestShare: Float = 0
    for _ in 0..<steps {
      let gradient = (0..<count).map { _ in dice.finite(odd: false) }
      _ = pass.run(momentum: average.mutableSpan, gradient: gradient.span, into: &ballot)
      ball.add(gradient.span, to: heavy.mutableSpan, coordinates: 0..<count)
      other.pack(heavy.span, rule: .exact)
      let largest = heavy.lazy.map(abs).max() ?? 0
      for index in 0..<count where ballot[index] != other[index] {
        differing += 1
        largestShare = max(largestShare, abs(heavy[index]) / largest)
      }
    }
    return (differing, largestShare)
  }

  @Test(arguments: 1...6)
  func heavyBall_hasTheSignsOfTheAverage_toTheBit(power: Int) {
    let theta = 1 - Double(sign: .plus, exponent: -power, significand: 1)
    #expect(differences(theta: theta, steps: 30).count == 0)
  }

  @Test(arguments: [0.9, 0.99])
  func heavyBall_hasTheSignsOfTheAverage_butForRoundings(theta: Double) {
    let found = differences(theta: theta, steps: 100)
    #expect(Double(found.count) <= 1e-6 * 2000 * 100 + 1)
    #expect(found.largestShare <= 1e-6)
  }

  /// A negative weight is accepted, and does something else.
  @Test func aNegativeWeight_isAnotherMethod() {
    let average = MomentumAverage(momentum: -0.5)
    #expect(average.next(2, gradient: 1) == 0.5)
    #expect(MomentumAverage(momentum: 0.5).next(2, gradient: 1) == 1.5)
  }
}
