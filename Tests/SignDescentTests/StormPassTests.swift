import AlignedBuffers
import SignBits
import SignDescent
import TestSupport
import Testing

@Suite struct StormPassTests {
  /// v = g + θ(v − h) by its definition on one coordinate, each rounding written out.
  private func naive(_ old: Float, _ g: Float, _ h: Float, theta: Double) -> Float {
    guard g.isFinite, h.isFinite else { return old }
    let largest = Double(Float.greatestFiniteMagnitude)
    let difference = Float(max(-largest, min(largest, Double(old) - Double(h))))
    let product = rounded(Double(Float(theta)) * Double(difference))
    return naiveFlush(Double(g) + Double(product))
  }

  @Test(arguments: edgeCounts, [0, 0.5, 0.9, 0.99])
  func run_equalsTheDefinition(count: Int, theta: Double) {
    for rule in SignRule.allCases {
      for seed in 0..<4 {
        let old = LionPassTests.numbers(count, seed: seed + 80)
        let gradient = LionPassTests.gradient(count, seed: seed)
        let previous = LionPassTests.gradient(count, seed: seed == 0 ? 0 : seed % 3 + 1)
        var estimate = old
        var ballot = SignPlanes(count: count)
        ballot.abstain(in: 0..<count)
        let isFinite = StormPass(momentum: theta, rule: rule).run(
          estimate: estimate.mutableSpan, gradient: gradient.span, previous: previous.span,
          into: &ballot)
        let expected = (0..<count).map { naive(old[$0], gradient[$0], previous[$0], theta: theta) }
        #expect(bits(estimate) == bits(expected), "seed \(seed)")
        #expect(list(ballot) == expected.map { naiveSign($0, rule) }, "seed \(seed)")
        #expect(ballot.hasMask == (ballot.abstentionCount > 0))
        #expect(isFinite == (gradient + previous).allSatisfy(\.isFinite))
      }
    }
  }

  @Test(arguments: [0, 0.5, 0.9])
  func run_overflows_areClamped(theta: Double) {
    let huge: Float = 3e38
    for (old, g, h) in [(huge, huge, -huge), (-huge, -huge, huge), (huge, 1, -huge)] {
      var estimate = [Float](repeating: old, count: 64)
      var ballot = SignPlanes(count: 64)
      let isFinite = StormPass(momentum: theta, rule: .fair).run(
        estimate: estimate.mutableSpan, gradient: [Float](repeating: g, count: 64).span,
        previous: [Float](repeating: h, count: 64).span, into: &ballot)
      #expect(isFinite)
      #expect(
        estimate == [Float](repeating: naive(old, g, h, theta: theta), count: 64))
      #expect(estimate[0].isFinite)
    }
  }

  @Test(arguments: [false, true], [0, 31, 63, 70])
  func run_aBadPrevious_keepsTheEstimateAndIsReported(inPrevious: Bool, place: Int) {
    var gradients = ([Float](repeating: 1, count: 71), [Float](repeating: 1, count: 71))
    if inPrevious { gradients.1[place] = .nan } else { gradients.0[place] = .infinity }
    var estimate = [Float](repeating: -3, count: 71)
    var ballot = SignPlanes(count: 71)
    let isFinite = StormPass(momentum: 0.25, rule: .fair).run(
      estimate: estimate.mutableSpan, gradient: gradients.0.span, previous: gradients.1.span,
      into: &ballot)
    #expect(!isFinite && estimate[place] == -3 && ballot[place] == -1)
    #expect(estimate.count { $0 == 0 } == 70)
  }

  @Test func run_withoutThePast_votesWithTheGradient() {
    let gradient = LionPassTests.gradient(200, seed: 0)
    var estimate = LionPassTests.numbers(200, seed: 4)
    var ballot = SignPlanes(count: 200)
    _ = StormPass(momentum: 0, rule: .exact).run(
      estimate: estimate.mutableSpan, gradient: gradient.span,
      previous: LionPassTests.gradient(200, seed: 1).span, into: &ballot)
    #expect(list(ballot) == gradient.map { naiveSign($0, .exact) })
  }

  /// Of f = ‖w − ξ‖²/2 the differences of gradients are exact: what noise v has it had at first.
  @Test func run_followsAMovingGradientWithoutNewNoise() {
    var estimate: [Float] = [0]
    var ballot = SignPlanes(count: 1)
    let pass = StormPass(momentum: 0.99, rule: .fair)
    var dice = Dice(seed: 3)
    var point: Float = 5
    var previous: Float = 5
    var largest: Float = 0
    for step in 0..<2000 {
      let noise = Float(dice.roll(2001) - 1000) / 500
      _ = pass.run(
        estimate: estimate.mutableSpan, gradient: [point + noise].span,
        previous: [previous + noise].span, into: &ballot)
      previous = point
      if step > 1000 { largest = max(largest, abs(estimate[0] - point)) }
      point -= 0.001 * Float(ballot[0])
    }
    // Noise of deviation 1.15 averages to 1.15·√(0.01/1.99) = 0.08.
    #expect(largest < 0.4 && largest > 0.01)
  }

  @Test func misuse_traps() async {
    await #expect(processExitsWith: .failure) { _ = StormPass(momentum: -0.1, rule: .fair) }
    await #expect(processExitsWith: .failure) {
      var estimate: [Float] = [0, 0]
      var ballot = SignPlanes(count: 2)
      _ = StormPass(momentum: 0.9, rule: .fair).run(
        estimate: estimate.mutableSpan, gradient: ([0, 0] as [Float]).span,
        previous: ([0] as [Float]).span, into: &ballot)
    }
  }
}
