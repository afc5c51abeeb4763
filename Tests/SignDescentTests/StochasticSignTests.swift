import AlignedBuffers
import CounterRandom
import SignBits
import SignDescent
import TestSupport
import Testing

@Suite struct StochasticSignTests {
  private func draw(
    _ values: [Float], radius: Float, ranges: [Range<Int>]? = nil, seed: UInt64 = 1,
    owner: Int = 0, step: Int = 0, rule: SignRule = .fair
  ) -> [Int] {
    var ballot = SignPlanes(count: values.count)
    let operation = StochasticSign(seed: seed, rule: rule)
    for range in ranges ?? [0..<values.count] {
      operation.pack(
        values.span, radius: radius, coordinates: range, owner: owner, step: step, into: &ballot)
    }
    return list(ballot)
  }

  /// S_R by its definition, from the documented words of the stream.
  private func naive(
    _ value: Float, _ coordinate: Int, radius: Float, seed: UInt64, owner: Int, step: UInt64,
    rule: SignRule
  ) -> Int {
    let shown = radius == 0 ? 0 : max(-radius, min(radius, value))
    if shown == 0 && rule != .positive { return 0 }
    let edge = radius == 0 ? 1 : Double(radius)
    let block = Philox4x32.block(
      counter: SIMD4(
        UInt32(coordinate / 4), UInt32(step % (1 << 32)), UInt32(owner),
        6 << 24 | UInt32(step / (1 << 32))),
      key: SIMD2(UInt32(seed % (1 << 32)), UInt32(seed / (1 << 32))))
    let bound = (edge - Double(shown)) / (2 * edge) * 4_294_967_296
    return Double(block[coordinate % 4]) < bound ? -1 : 1
  }

  @Test(arguments: edgeCounts + [1000], SignRule.allCases)
  func pack_equalsTheDefinition(count: Int, rule: SignRule) {
    for (radius, seed, owner, step) in [
      (Float(1), UInt64(5), 0, 0), (0.3, 1 << 63 + 9, 7, 12345), (2, 0, 1, 1 << 33 + 5),
      (0, 3, 2, 1), (.leastNonzeroMagnitude, 3, 2, 1), (.greatestFiniteMagnitude, 3, 2, 1),
    ] {
      let values = LionPassTests.numbers(count, seed: count)
      let expected = values.enumerated().map {
        naive(
          $1, $0, radius: radius, seed: seed, owner: owner, step: UInt64(step), rule: rule)
      }
      let drawn = draw(
        values, radius: radius, seed: seed, owner: owner, step: step, rule: rule)
      #expect(drawn == expected, "radius \(radius)")
    }
  }

  @Test func pack_drawsDependOnTheCoordinateAlone() {
    let count = 300
    let values = LionPassTests.numbers(count, seed: 1)
    let whole = draw(values, radius: 1)
    #expect(draw(values, radius: 1, ranges: [200..<300, 0..<5, 5..<77, 77..<200]) == whole)
    #expect(draw(values, radius: 1, ranges: (0..<count).map { $0..<$0 + 1 }) == whole)
    #expect(draw(values, radius: 1, ranges: [0..<64, 64..<64, 64..<300]) == whole)
  }

  @Test(arguments: [0..<1, 3..<64, 64..<128, 60..<70, 1..<200])
  func pack_leavesOtherCoordinates(range: Range<Int>) {
    let values = LionPassTests.numbers(200, seed: 2)
    let before = values.map { naiveSign(-$0, .exact) }
    for rule in [SignRule.fair, .positive] {
      var ballot = planes(before)
      StochasticSign(seed: 1, rule: rule).pack(
        values.span, radius: 1, coordinates: range, owner: 0, step: 0, into: &ballot)
      var expected = before
      expected.replaceSubrange(range, with: draw(values, radius: 1, rule: rule)[range])
      #expect(list(ballot) == expected)
      for word in 0..<ballot.wordCount {
        #expect(ballot.signs[word] & ballot.masks[word] == 0)
      }
    }
  }

  @Test func pack_notesAMaskAndNeverTakesItBack() {
    var ballot = SignPlanes(count: 100)
    let operation = StochasticSign(seed: 1, rule: .fair)
    var values = [Float](repeating: 1, count: 100)
    operation.pack(
      values.span, radius: 2, coordinates: 0..<100, owner: 0, step: 0, into: &ballot)
    #expect(ballot.hasMask == false)
    values[70] = -0.0
    operation.pack(
      values.span, radius: 2, coordinates: 64..<100, owner: 0, step: 0, into: &ballot)
    #expect(ballot.hasMask == true && ballot[70] == 0)
    operation.pack(
      values.span, radius: 2, coordinates: 0..<64, owner: 0, step: 0, into: &ballot)
    #expect(ballot.hasMask == true && ballot.abstentionCount == 1)
  }

  /// T13: the mean of N draws lies within 4/√N of v/R.
  @Test(arguments: [-1, -0.75, -0.1, 0, 0.003, 0.5, 0.99, 1, 1.5, -7] as [Float])
  func pack_isUnbiased(share: Float) {
    let count = 20_000
    for radius: Float in [1, 0.01, 1e30] {
      let signs = draw(
        [Float](repeating: share * radius, count: count), radius: radius, step: 3,
        rule: .positive)
      let mean = Double(signs.reduce(0, +)) / Double(count)
      let expected = max(-1, min(1, Double(share)))
      #expect(abs(mean - expected) <= 4 / Double(count).squareRoot())
      if abs(share) >= 1 { #expect(mean == expected) }
    }
  }

  @Test func pack_coordinatesAreIndependentOfEachOther() {
    let signs = draw([Float](repeating: 0, count: 20_001), radius: 1, rule: .positive)
    for lag in [1, 2, 3, 4, 8, 64] {
      let products = zip(signs, signs.dropFirst(lag)).map { $0 * $1 }
      #expect(abs(products.reduce(0, +)) < 4 * 142, "lag \(lag)")
    }
  }

  @Test func pack_replaysAndDiffersBySeedOwnerAndStep() {
    let values = [Float](repeating: 0.001, count: 4096)
    let first = draw(values, radius: 1, seed: 1, owner: 2, step: 3)
    #expect(draw(values, radius: 1, seed: 1, owner: 2, step: 3) == first)
    for other in [
      draw(values, radius: 1, seed: 2, owner: 2, step: 3),
      draw(values, radius: 1, seed: 1, owner: 3, step: 3),
      draw(values, radius: 1, seed: 1, owner: 2, step: 4),
    ] {
      #expect(abs(zip(first, other).map { $0 * $1 }.reduce(0, +)) < 4 * 64)
    }
  }

  @Test func misuse_traps() async {
    await #expect(processExitsWith: .failure) {
      var ballot = SignPlanes(count: 2)
      StochasticSign(seed: 1, rule: .fair).pack(
        ([1, 1] as [Float]).span, radius: .nan, coordinates: 0..<2, owner: 0, step: 0,
        into: &ballot)
    }
    await #expect(processExitsWith: .failure) {
      var ballot = SignPlanes(count: 2)
      StochasticSign(seed: 1, rule: .fair).pack(
        ([1, 1] as [Float]).span, radius: 1, coordinates: 1..<3, owner: 0, step: 0, into: &ballot)
    }
  }
}

@Suite struct StochasticRadiusTests {
  private func radius(_ rule: StochasticRadius, _ voters: [[Float]], in range: Range<Int>)
    -> Float
  {
    var all = StochasticRadius.Contribution()
    for voter in voters {
      all = rule.combined(all, with: rule.contribution(of: voter.span, in: range))
    }
    return rule.radius(of: all)
  }

  @Test(arguments: [0..<0, 0..<1, 3..<4, 0..<29, 5..<22, 1..<17])
  func radius_ofItsRangeAndAllVoters(range: Range<Int>) {
    let voters = (0..<3).map { LionPassTests.numbers(29, seed: 4 * $0) }
    let own = voters.flatMap { $0[range] }.map(Double.init)
    #expect(radius(.maximum, voters, in: range) == Float(own.map(abs).max() ?? 0))
    let square = own.map { $0 * $0 }.reduce(0, +) / Double(max(own.count, 1))
    let root = Double(radius(.rootMeanSquare(factor: 3), voters, in: range))
    #expect(abs(root - 3 * square.squareRoot()) <= 1e-6 * root)
    #expect(radius(.fixed(0.5), voters, in: range) == 0.5)
  }

  @Test func contribution_sumsInTheDocumentedOrder() {
    // Of many magnitudes, so that other orders round differently.
    let values = LionPassTests.numbers(77, seed: 8).enumerated().map {
      $1 * Float(sign: .plus, exponent: $0 * 7 % 13, significand: 1.37)
    }
    let rule = StochasticRadius.rootMeanSquare(factor: 1)
    for end in 3...77 {
      var total = 0.0
      for lane in 0..<8 {
        var sum = 0.0
        for index in stride(from: 3 + lane, to: end, by: 8) {
          sum += Double(values[index]) * Double(values[index])
        }
        total += sum
      }
      let contribution = rule.contribution(of: values.span, in: 3..<end)
      #expect(contribution == .init(statistic: total, count: end - 3))
    }
  }

  @Test func radius_withoutVoters_isZeroUnlessFixed() {
    #expect(StochasticRadius.maximum.radius(of: .init()) == 0)
    #expect(StochasticRadius.rootMeanSquare(factor: 3).radius(of: .init()) == 0)
    #expect(StochasticRadius.fixed(2).radius(of: .init()) == 2)
  }

  @Test func radius_staysFinite() {
    let huge = [Float](repeating: .greatestFiniteMagnitude, count: 9)
    #expect(radius(.rootMeanSquare(factor: 3), [huge], in: 0..<9) == .greatestFiniteMagnitude)
    #expect(radius(.maximum, [huge], in: 0..<9) == .greatestFiniteMagnitude)
  }

  @Test func maximum_clampsNothing() {
    #expect(!StochasticRadius.maximum.isBiased)
    #expect(StochasticRadius.fixed(1).isBiased)
    #expect(StochasticRadius.rootMeanSquare(factor: 3).isBiased)
  }

  @Test(arguments: [
    ("max", StochasticRadius.maximum), ("rms:3", .rootMeanSquare(factor: 3)),
    ("rms:0.5", .rootMeanSquare(factor: 0.5)), ("2", .fixed(2)), ("1e-3", .fixed(1e-3)),
  ])
  func text_andBack(text: String, rule: StochasticRadius) {
    #expect(StochasticRadius(text) == rule)
    #expect(StochasticRadius(rule.description) == rule)
  }

  @Test(arguments: [
    "", "maximum", "Max", "rms", "rms:", "rms:0", "rms:-1", "rms:nan", "rms:inf", "rms:x", "0",
    "-1", "-0", "nan", "inf", "1e-60", "1e60", "1 ", "rms:1e999",
  ])
  func text_refusesOthers(text: String) {
    #expect(StochasticRadius(text) == nil)
  }
}
