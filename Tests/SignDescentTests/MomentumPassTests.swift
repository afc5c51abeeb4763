import AlignedBuffers
import SignBits
import SignDescent
import TestSupport
import Testing

@Suite struct MomentumPassTests {
  private static let thetas = [0, 0.5, 0.9, 0.99]

  /// Compares the fused pass with the chain of its parts, on one input.
  private func compare(_ momentum: [Float], _ gradient: [Float], theta: Double, rule: SignRule) {
    let average = MomentumAverage(momentum: theta)
    let next = zip(momentum, gradient).map { average.next($0, gradient: $1) }
    var expected = SignPlanes(count: next.count)
    expected.pack(next.span, rule: rule)

    var fused = momentum
    var ballot = SignPlanes(count: next.count)
    ballot.abstain(in: 0..<next.count)
    let isFinite = MomentumPass(momentum: theta, rule: rule).run(
      momentum: fused.mutableSpan, gradient: gradient.span, into: &ballot)
    #expect(bits(fused) == bits(next))
    for word in 0..<ballot.wordCount {
      #expect(ballot.signs[word] == expected.signs[word], "word \(word)")
      #expect(ballot.masks[word] == expected.masks[word], "word \(word)")
    }
    #expect(ballot.hasMask == expected.hasMask)
    #expect(isFinite == gradient.allSatisfy(\.isFinite))
  }

  @Test(arguments: edgeCounts, thetas)
  func run_equalsTheChainOfParts(count: Int, theta: Double) {
    for rule in SignRule.allCases {
      for seed in 0..<4 {
        var dice = Dice(seed: seed * 1000 + count)
        // Seeds 0 and 1: ordinary and odd numbers; then some and many that are not finite.
        let momentum = (0..<count).map { _ in dice.finite(odd: seed > 0) }
        let gradient = (0..<count).map { _ in
          seed < 2 ? dice.finite(odd: seed == 1) : dice.any(rarity: seed == 2 ? 100 : 3)
        }
        compare(momentum, gradient, theta: theta, rule: rule)
      }
    }
  }

  @Test func run_aLongVector() {
    var dice = Dice(seed: 5)
    let momentum = (0..<20_011).map { _ in dice.finite(odd: true) }
    let gradient = (0..<20_011).map { _ in dice.any(rarity: 500) }
    compare(momentum, gradient, theta: 0.9, rule: .exact)
  }

  @Test(arguments: 0..<64)
  func run_reportsOneBadCoordinateAndKeepsItsMomentum(place: Int) {
    for bad in [Float.nan, .infinity, -.infinity] {
      var gradient = [Float](repeating: 1, count: 130)
      gradient[place + 64] = bad
      var momentum = [Float](repeating: -0.25, count: 130)
      var ballot = SignPlanes(count: 130)
      let isFinite = MomentumPass(momentum: 0.5, rule: .fair).run(
        momentum: momentum.mutableSpan, gradient: gradient.span, into: &ballot)
      #expect(!isFinite)
      var expected = [Float](repeating: 0.375, count: 130)
      expected[place + 64] = -0.25
      #expect(momentum == expected)
      #expect(ballot[place + 64] == -1 && ballot[0] == 1)
    }
  }

  /// Finite gradients whose sum overflows are no reason to stop.
  @Test func run_hugeFiniteGradients_areFinite() {
    let gradient = [Float](repeating: 3e38, count: 64)
    compare([Float](repeating: 0, count: 64), gradient, theta: 0.9, rule: .fair)
  }

  @Test func next_roundsProductsBeforeTheSum() {
    let average = MomentumAverage(momentum: 0.9)
    #expect(average.past == 0.9 && average.present == Float(1 - 0.9))
    #expect(average.present != 1 - average.past)
    var dice = Dice(seed: 9)
    var differing = 0
    for _ in 0..<2000 {
      let old = dice.finite(odd: false)
      let gradient = dice.finite(odd: false)
      let first = rounded(Double(Float(0.9)) * Double(old))
      let second = rounded(Double(Float(1 - 0.9)) * Double(gradient))
      let expected = rounded(Double(first) + Double(second))
      let contracted = second.addingProduct(Float(0.9), old)
      if contracted != expected { differing += 1 }
      #expect(average.next(old, gradient: gradient) == expected)
    }
    #expect(differing > 100)
  }

  /// The same through the fused pass, where the compiler could contract too.
  @Test func run_doesNotContract() {
    var dice = Dice(seed: 10)
    let old = (0..<512).map { _ in dice.finite(odd: false) }
    let gradient = (0..<512).map { _ in dice.finite(odd: false) }
    let expected = zip(old, gradient).map { old, gradient in
      rounded(
        Double(rounded(Double(Float(0.9)) * Double(old)))
          + Double(rounded(Double(Float(1 - 0.9)) * Double(gradient))))
    }
    let contracted = zip(old, gradient).map { old, gradient in
      (Float(1 - 0.9) * gradient).addingProduct(0.9, old)
    }
    var momentum = old
    var ballot = SignPlanes(count: 512)
    _ = MomentumPass(momentum: 0.9, rule: .fair).run(
      momentum: momentum.mutableSpan, gradient: gradient.span, into: &ballot)
    #expect(momentum == expected)
    #expect(expected != contracted)
  }

  @Test func run_aGradientThatStops_endsInAbstention() {
    var dice = Dice(seed: 11)
    var gradient = (0..<200).map { _ in dice.finite(odd: true) }
    var momentum = [Float](repeating: 0, count: 200)
    var ballot = SignPlanes(count: 200)
    let pass = MomentumPass(momentum: 0.9, rule: .fair)
    for _ in 0..<20 {
      _ = pass.run(momentum: momentum.mutableSpan, gradient: gradient.span, into: &ballot)
    }
    // From 1 it takes ln(2^126) / ln(1 / 0.9) = 829 steps to fall below the smallest normal
    // number, from 1/32 796.
    for index in 0..<200 { momentum[index] = momentum[index].sign == .minus ? -0.03125 : 0.03125 }
    gradient = [Float](repeating: 0, count: 200)
    var steps = 0
    while steps < 1000, ballot.abstentionCount < 200 {
      _ = pass.run(momentum: momentum.mutableSpan, gradient: gradient.span, into: &ballot)
      steps += 1
    }
    #expect(steps >= 796 && steps <= 800)
    #expect(bits(momentum) == [UInt32](repeating: 0, count: 200))
  }

  @Test(arguments: [-20, -3, 1, 12])
  func run_scalingTheLossByAPowerOfTwo_leavesSigns(exponent: Int) {
    var dice = Dice(seed: exponent + 100)
    let scale = Float(sign: .plus, exponent: exponent, significand: 1)
    var momenta = ([Float](repeating: 0, count: 193), [Float](repeating: 0, count: 193))
    var ballots = SignPlanes(count: 193)
    var scaled = SignPlanes(count: 193)
    let pass = MomentumPass(momentum: 0.9, rule: .exact)
    for _ in 0..<30 {
      let gradient = (0..<193).map { _ in dice.finite(odd: false) }
      _ = pass.run(momentum: momenta.0.mutableSpan, gradient: gradient.span, into: &ballots)
      let larger = gradient.map { $0 * scale }
      _ = pass.run(momentum: momenta.1.mutableSpan, gradient: larger.span, into: &scaled)
      #expect(list(ballots) == list(scaled))
    }
    #expect(momenta.0.map { $0 * scale } == momenta.1)
  }

  @Test func isFinite_looksAtItsRangeAlone() {
    let values: [Float] = [1, .nan, 2, .infinity, 3]
    #expect(isFinite(values.span, in: 2..<3) && isFinite(values.span, in: 1..<1))
    #expect(!isFinite(values.span, in: 0..<2) && !isFinite(values.span, in: 2..<4))
  }

  @Test func lengthsThatDiffer_trap() async {
    await #expect(processExitsWith: .failure) {
      var momentum: [Float] = [0, 0]
      var ballot = SignPlanes(count: 2)
      _ = MomentumPass(momentum: 0.9, rule: .fair).run(
        momentum: momentum.mutableSpan, gradient: ([0] as [Float]).span, into: &ballot)
    }
    await #expect(processExitsWith: .failure) { _ = MomentumAverage(momentum: 1) }
  }
}
