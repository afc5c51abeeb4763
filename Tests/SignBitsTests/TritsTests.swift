import AlignedBuffers
import SignBits
import TestSupport
import Testing

@Suite struct TritsTests {
  @Test(arguments: edgeCounts + [320, 321, 1_000], 0...2)
  func readTrits_isTheInverseOfWrite(count: Int, abstains: Int) {
    var dice = Dice(seed: count)
    let signs = (0..<count).map { _ in dice.sign(abstains: abstains) }
    let original = planes(signs)
    let all = 0..<original.wordCount
    for words in [all, min(1, all.upperBound)..<all.upperBound] {
      var message = [UInt64](
        repeating: .max, count: SignPlanes.tritWordCount(ofWords: words.count))
      var span = message.mutableSpan
      original.writeTrits(of: words, into: &span)
      var copy = SignPlanes(count: count)
      copy.readTrits(of: words, from: message.span)
      let first = min(words.lowerBound * 64, count)
      #expect(
        list(copy) == (0..<count).map { $0 < first ? 1 : signs[$0] }, "words \(words)")
      #expect(isSound(copy) == true)
    }
  }

  /// The layout is part of the wire: byte i holds bit i of five words in base three.
  @Test func writeTrits_fillsBytesAsDocumented() {
    var dice = Dice(seed: 1)
    let signs = (0..<320).map { _ in dice.sign(abstains: 1) }
    var message = [UInt64](repeating: 0, count: 8)
    var span = message.mutableSpan
    planes(signs).writeTrits(of: 0..<5, into: &span)
    for byte in 0..<64 {
      let found = message[byte / 8] >> UInt64(byte % 8 * 8) & 0xFF
      let digits = (0..<5).map { 1 - signs[64 * $0 + byte] }
      #expect(Int(found) == digits.reversed().reduce(0) { 3 * $0 + $1 }, "byte \(byte)")
    }
  }

  /// Every byte, the thirteen that mean nothing too: no coordinate is both masked and negative.
  @Test func readTrits_takesAnyBytes() {
    let bytes = (0..<256).map { UInt8($0) }
    let message = (0..<32).map { word in
      (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[8 * word + $1]) << UInt64(8 * $1) }
    }
    var planes = SignPlanes(count: 4 * 320)
    planes.readTrits(of: 0..<20, from: message.span)
    #expect(isSound(planes) == true)
  }
}
