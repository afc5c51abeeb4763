import AlignedBuffers
import SignBits
import SignDescent
import TestSupport
import Testing

/// The average by its definition on one coordinate, each rounding written out.
func naiveAverage(_ old: Float, _ gradient: Float, theta: Double) -> Float {
  guard gradient.isFinite else { return old }
  let first = rounded(Double(Float(theta)) * Double(old))
  let second = rounded(Double(Float(1 - theta)) * Double(gradient))
  return naiveFlush(Double(first) + Double(second))
}

/// A sum rounded, flushed and clamped.
func naiveFlush(_ exact: Double) -> Float {
  let sum = Float(exact)
  if abs(sum) < 0x1p-126 { return 0 }
  if sum.isInfinite { return exact < 0 ? -.greatestFiniteMagnitude : .greatestFiniteMagnitude }
  return sum
}

/// The sign of a number under a rule.
func naiveSign(_ value: Float, _ rule: SignRule) -> Int {
  value < 0 ? -1 : value > 0 || rule == .positive ? 1 : 0
}

@Suite struct LionPassTests {
  /// Gradients by seed: ordinary, odd, and now and then or often not finite.
  static func gradient(_ count: Int, seed: Int) -> [Float] {
    var dice = Dice(seed: seed * 1000 + count)
    return (0..<count).map { _ in
      seed < 2 ? dice.finite(odd: seed == 1) : dice.any(rarity: seed == 2 ? 100 : 3)
    }
  }

  static func numbers(_ count: Int, seed: Int) -> [Float] {
    var dice = Dice(seed: seed)
    return (0..<count).map { _ in dice.finite(odd: seed % 4 > 0) }
  }

  @Test(arguments: edgeCounts, [(0.99, 0.9), (0.9, 0.99), (0.5, 0), (0, 0.5), (-0.5, 0.9)])
  func run_equalsTheDefinition(count: Int, betas: (momentum: Double, interpolation: Double)) {
    for rule in SignRule.allCases {
      for seed in 0..<4 {
        let old = Self.numbers(count, seed: seed + 40)
        let gradient = Self.gradient(count, seed: seed)
        var momentum = old
        var ballot = SignPlanes(count: count)
        ballot.abstain(in: 0..<count)
        let isFinite = LionPass(
          momentum: betas.momentum, interpolation: betas.interpolation, rule: rule
        ).run(momentum: momentum.mutableSpan, gradient: gradient.span, into: &ballot)
        let votes = zip(old, gradient).map { naiveAverage($0, $1, theta: betas.interpolation) }
        let kept = zip(old, gradient).map { naiveAverage($0, $1, theta: betas.momentum) }
        #expect(bits(momentum) == bits(kept), "seed \(seed)")
        #expect(list(ballot) == votes.map { naiveSign($0, rule) }, "seed \(seed)")
        #expect(ballot.hasMask == (ballot.abstentionCount > 0))
        #expect(isFinite == gradient.allSatisfy(\.isFinite))
      }
    }
  }

  /// A vote can be 0 or overflow where the momentum does neither, and the other way round.
  @Test func run_exceptionsOfOneAverageAlone() {
    let pairs: [(momentum: Float, gradient: Float)] = [
      (1, -9), (-1, 9), (1, -99), (0x1p-126, 0), (0x1p-120, 0), (3e38, 3e38), (3.4e38, -3.4e38),
    ]
    for pair in pairs {
      for place in [0, 17, 34, 63] {
        var old = [Float](repeating: 2, count: 64)
        var gradient = [Float](repeating: 2, count: 64)
        old[place] = pair.momentum
        gradient[place] = pair.gradient
        for (beta2, beta1) in [(0.99, 0.9), (0.9, 0.99), (0.5, -0.5)] {
          var momentum = old
          var ballot = SignPlanes(count: 64)
          _ = LionPass(momentum: beta2, interpolation: beta1, rule: .exact).run(
            momentum: momentum.mutableSpan, gradient: gradient.span, into: &ballot)
          #expect(
            bits(momentum) == bits(zip(old, gradient).map { naiveAverage($0, $1, theta: beta2) }))
          #expect(
            list(ballot)
              == zip(old, gradient).map {
                naiveSign(naiveAverage($0, $1, theta: beta1), .exact)
              })
        }
      }
    }
  }

  @Test(arguments: [0, 0.5, 0.9, 0.99])
  func run_withEqualWeights_isTheMomentumPass(theta: Double) {
    let count = 1000
    var ours = [Float](repeating: 0, count: count)
    var theirs = ours
    var ballot = SignPlanes(count: count)
    var other = SignPlanes(count: count)
    let lion = LionPass(momentum: theta, interpolation: theta, rule: .fair)
    let momentum = MomentumPass(momentum: theta, rule: .fair)
    for step in 0..<40 {
      let gradient = Self.gradient(count, seed: 4 * step + step % 4)
      let mine = lion.run(momentum: ours.mutableSpan, gradient: gradient.span, into: &ballot)
      let theirsIsFinite = momentum.run(
        momentum: theirs.mutableSpan, gradient: gradient.span, into: &other)
      #expect(mine == theirsIsFinite && bits(ours) == bits(theirs))
      #expect(list(ballot) == list(other))
    }
  }

  @Test func lengthsThatDiffer_trap() async {
    await #expect(processExitsWith: .failure) {
      var momentum: [Float] = [0, 0]
      var ballot = SignPlanes(count: 3)
      _ = LionPass(momentum: 0.9, interpolation: 0.9, rule: .fair).run(
        momentum: momentum.mutableSpan, gradient: ([0, 0] as [Float]).span, into: &ballot)
    }
  }
}
