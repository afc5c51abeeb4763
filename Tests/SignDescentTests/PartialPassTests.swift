import AlignedBuffers
import SignBits
import SignDescent
import TestSupport
import Testing

/// The fused passes on parts of the coordinates, as buckets of a backward pass have them.
@Suite struct PartialPassTests {
  enum Estimator: CaseIterable {
    case momentum, lion, storm

    func run(
      _ stored: inout [Float], _ gradient: [Float], _ previous: [Float], _ part: Range<Int>?,
      rule: SignRule, into ballot: inout SignPlanes
    ) -> Bool {
      switch self {
      case .momentum:
        MomentumPass(momentum: 0.9, rule: rule).run(
          momentum: stored.mutableSpan, gradient: gradient.span, coordinates: part, into: &ballot)
      case .lion:
        LionPass(momentum: 0.99, interpolation: 0.9, rule: rule).run(
          momentum: stored.mutableSpan, gradient: gradient.span, coordinates: part, into: &ballot)
      case .storm:
        StormPass(momentum: 0.9, rule: rule).run(
          estimate: stored.mutableSpan, gradient: gradient.span, previous: previous.span,
          coordinates: part, into: &ballot)
      }
    }
  }

  /// Inputs, some of them not finite: what is stored, the gradient, the previous one.
  private static func inputs(_ count: Int, seed: Int) -> ([Float], [Float], [Float]) {
    (
      LionPassTests.numbers(count, seed: seed + 1),
      LionPassTests.gradient(count, seed: seed % 4), LionPassTests.gradient(count, seed: 0)
    )
  }

  /// Any parts in any order give what one pass over all gives.
  @Test(arguments: Estimator.allCases, [1, 63, 64, 65, 130, 500])
  func parts_inAnyOrder_equalTheWhole(estimator: Estimator, count: Int) {
    for rule in SignRule.allCases {
      for seed in 0..<8 {
        let (old, gradient, previous) = Self.inputs(count, seed: seed)
        var whole = old
        var expected = SignPlanes(count: count)
        let isFinite = estimator.run(&whole, gradient, previous, nil, rule: rule, into: &expected)

        var dice = Dice(seed: seed)
        let cuts = ([0, count] + (0..<5).map { _ in dice.roll(count + 1) }).sorted()
        let parts = zip(cuts, cuts.dropFirst()).map { $0..<$1 }
        var stored = old
        var ballot = SignPlanes(count: count)
        ballot.abstain(in: 0..<count)
        ballot.clearMask()
        var allFinite = true
        for part in seed % 2 == 0 ? parts : parts.reversed() {
          let partIsFinite = estimator.run(
            &stored, gradient, previous, part, rule: rule, into: &ballot)
          #expect(
            partIsFinite
              == part.allSatisfy {
                gradient[$0].isFinite && (estimator != .storm || previous[$0].isFinite)
              })
          allFinite = allFinite && partIsFinite
        }
        #expect(bits(stored) == bits(whole), "seed \(seed)")
        #expect(list(ballot) == list(expected), "seed \(seed)")
        #expect(ballot.hasMask == expected.hasMask && allFinite == isFinite, "seed \(seed)")
      }
    }
  }

  /// What lies outside a part stays: estimates, signs, abstentions, and that there are some.
  @Test(
    arguments: Estimator.allCases,
    [0..<0, 3..<10, 0..<64, 5..<64, 64..<65, 63..<129, 70..<200, 1..<199, 128..<200])
  func part_leavesTheRest(estimator: Estimator, part: Range<Int>) {
    let (old, gradient, previous) = Self.inputs(200, seed: 0)
    var whole = old
    var all = SignPlanes(count: 200)
    _ = estimator.run(&whole, gradient, previous, nil, rule: .fair, into: &all)
    for others in [-1, 0, 1] {
      var stored = old
      var ballot = planes([Int](repeating: others, count: 200))
      _ = estimator.run(&stored, gradient, previous, part, rule: .fair, into: &ballot)
      #expect(bits(stored) == bits((0..<200).map { part.contains($0) ? whole[$0] : old[$0] }))
      #expect(list(ballot) == (0..<200).map { part.contains($0) ? all[$0] : others })
      #expect(ballot.hasMask == (others == 0))
    }
  }

  @Test func aPartBeyondTheEnd_traps() async {
    await #expect(processExitsWith: .failure) {
      var stored: [Float] = [0, 0]
      var ballot = SignPlanes(count: 2)
      _ = Estimator.momentum.run(&stored, [0, 0], [0, 0], 1..<3, rule: .fair, into: &ballot)
    }
  }
}
