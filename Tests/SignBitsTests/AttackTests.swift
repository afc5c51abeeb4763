import AlignedBuffers
import CounterRandom
import SignBits
import TestSupport
import Testing

@Suite struct AttackTests {
  private func signs(_ count: Int, abstains: Int = 1) -> [Int] {
    var dice = Dice(seed: count)
    return (0..<count).map { _ in dice.sign(abstains: abstains) }
  }

  @Test(arguments: edgeCounts, 0...2)
  func complement_negatesEverySignAndKeepsTheMask(count: Int, abstains: Int) {
    let signs = signs(count, abstains: abstains)
    var ballot = planes(signs)
    ballot.complement()
    #expect(list(ballot) == signs.map { -$0 })
    #expect(isSound(ballot) == true)
    ballot.complement()
    #expect(list(ballot) == signs)
  }

  @Test(arguments: edgeCounts)
  func randomize_drawsTheDocumentedCoins(count: Int) {
    var ballot = planes(signs(count))
    ballot.randomize(
      stream: RandomStream(seed: 1 << 40 + 7, purpose: .attack, owner: 3, step: 5))
    let expected = (0..<count).map { coordinate in
      let word = coordinate / 64
      let block = Philox4x32.block(
        counter: SIMD4(UInt32(word / 2), 5, 3, 11 << 24), key: SIMD2(7, 1 << 8))
      let part = block[word % 2 * 2 + coordinate % 64 / 32]
      return part >> UInt32(coordinate % 32) & 1 == 1 ? -1 : 1
    }
    #expect(list(ballot) == expected)
    #expect(isSound(ballot) == true)
  }

  @Test func randomize_isFairAndDiffersByOwnerAndStep() {
    func coins(owner: Int, step: Int) -> [Int] {
      var ballot = SignPlanes(count: 10_000)
      ballot.randomize(stream: RandomStream(seed: 1, purpose: .attack, owner: owner, step: step))
      return list(ballot)
    }
    let first = coins(owner: 0, step: 0)
    #expect(abs(first.reduce(0, +)) < 400)
    for other in [coins(owner: 1, step: 0), coins(owner: 0, step: 1)] {
      #expect(abs(zip(first, other).map { $0 * $1 }.reduce(0, +)) < 400)
    }
  }

  @Test(arguments: edgeCounts)
  func copy_takesSignsAndMask(count: Int) {
    let signs = signs(count)
    var ballot = SignPlanes(count: count)
    ballot.abstain(in: 0..<count)
    ballot.copy(from: planes(signs))
    #expect(list(ballot) == signs)
    #expect(isSound(ballot) == true)
    ballot.copy(from: SignPlanes(count: count))
    #expect(list(ballot) == [Int](repeating: 1, count: count))
    #expect(ballot.hasMask == false)
  }

  @Test func copy_ofAnotherLength_traps() async {
    await #expect(processExitsWith: .failure) {
      var ballot = SignPlanes(count: 2)
      ballot.copy(from: SignPlanes(count: 3))
    }
  }
}
