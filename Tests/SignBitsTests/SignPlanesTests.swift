import AlignedBuffers
import SignBits
import TestSupport
import Testing

@Suite struct SignPlanesTests {
  /// Every kind of number.
  private static let kinds: [Float] = [
    1, -1, 0, -0.0, .nan, -.nan, .infinity, -.infinity, .leastNonzeroMagnitude,
    -.leastNonzeroMagnitude, .leastNormalMagnitude, -.leastNormalMagnitude,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
    -Float(bitPattern: 0x7FFF_FFFF), Float(bitPattern: 0x7F80_0001),
  ]

  private static func naiveSign(_ value: Float, _ rule: SignRule) -> Int {
    if value > 0 { return 1 }
    if value < 0 { return -1 }
    return value == 0 && rule == .positive ? 1 : 0
  }

  private static func values(_ count: Int, seed: Int) -> [Float] {
    var dice = Dice(seed: seed)
    return (0..<count).map { _ in kinds[dice.roll(kinds.count)] }
  }

  @Test(arguments: edgeCounts, SignRule.allCases)
  func pack_equalsNaiveSigns(count: Int, rule: SignRule) {
    for seed in 0..<4 {
      let values = Self.values(count, seed: seed)
      var ballot = SignPlanes(count: count)
      ballot.pack(values.span, rule: rule)
      #expect(list(ballot) == values.map { Self.naiveSign($0, rule) }, "seed \(seed)")
      #expect(isSound(ballot) == true)
    }
  }

  @Test(arguments: edgeCounts)
  func pack_overwritesOldMask(count: Int) {
    var ballot = SignPlanes(count: count)
    ballot.abstain(in: 0..<count)
    let values = [Float](repeating: -1, count: count)
    ballot.pack(values.span, rule: .exact)
    #expect(list(ballot) == [Int](repeating: -1, count: count))
    #expect(ballot.hasMask == false)
    #expect(isSound(ballot) == true)
  }

  @Test func pack_aPrimeAboveAMillion() {
    let count = 1_000_003
    let values = (0..<count).map { index in Float(index * 7919 % 13 - 6) }
    var ballot = SignPlanes(count: count)
    ballot.pack(values.span, rule: .fair)
    #expect((0..<count).allSatisfy { ballot[$0] == ($0 * 7919 % 13 - 6).signum() })
    #expect(isSound(ballot) == true)
    #expect(ballot.abstentionCount == (0..<count).count { $0 * 7919 % 13 == 6 })
  }

  @Test(arguments: edgeCounts)
  func unpack_isTheInverseOfPack(count: Int) {
    var dice = Dice(seed: count)
    let signs = (0..<count).map { _ in dice.sign(abstains: 1) }
    var values = [Float](repeating: 9, count: count)
    planes(signs).unpack(into: values.mutableSpan)
    #expect(values == signs.map { Float($0) })
    #expect(values.allSatisfy { $0 != 0 || $0.sign == .plus })
    var again = SignPlanes(count: count)
    again.pack(values.span, rule: .exact)
    #expect(list(again) == signs)
  }

  @Test(arguments: [1, 9, 64, 65, 129, 200])
  func abstain_atAnyAlignment(count: Int) {
    var dice = Dice(seed: count)
    let signs = (0..<count).map { _ in dice.sign(abstains: 0) }
    for low in 0...count {
      for high in [low, low + 1, low + 63, low + 64, low + 65, count]
      where high <= count && high >= low {
        var ballot = planes(signs)
        ballot.abstain(in: low..<high)
        var expected = signs
        for index in low..<high { expected[index] = 0 }
        #expect(list(ballot) == expected, "\(low)..<\(high)")
        #expect(isSound(ballot) == true)
        #expect(ballot.abstentionCount == high - low)
      }
    }
  }

  @Test func misuse_traps() async {
    await #expect(processExitsWith: .failure) {
      var ballot = SignPlanes(count: 10)
      ballot.abstain(in: 5..<11)
    }
    await #expect(processExitsWith: .failure) {
      var ballot = SignPlanes(count: 2)
      ballot.pack(([1] as [Float]).span, rule: .fair)
    }
    await #expect(processExitsWith: .failure) {
      var ballot = SignPlanes(count: 2)
      ballot[0] = 2
    }
  }
}
