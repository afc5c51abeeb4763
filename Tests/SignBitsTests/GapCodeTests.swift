import SignBits
import TestSupport
import Testing

@Suite("Gap code")
struct GapCodeTests {
  private func words(_ count: Int, oneIn rate: Int, seed: Int) -> [UInt64] {
    var dice = Dice(seed: seed)
    var words = [UInt64](repeating: 0, count: count)
    for bit in 0..<64 * count where dice.roll(rate) == 0 {
      words[bit / 64] |= 1 << UInt64(bit % 64)
    }
    return words
  }

  private func encode(_ words: [UInt64], room: Int? = nil) -> [UInt64]? {
    var coder = GapCode()
    let room = 3..<3 + (room ?? 2 * words.count + 97)
    var message = [UInt64](repeating: .max, count: room.upperBound)
    var span = message.mutableSpan
    let setBits = words.reduce(0) { $0 + $1.nonzeroBitCount }
    let count = coder.code(words.span, setBits: setBits, into: &span, room)
    return count.map { Array(message[3..<3 + $0]) }
  }

  private func decode(_ code: [UInt64], count: Int) -> [UInt64]? {
    var coder = GapCode()
    var words = [UInt64](repeating: .max, count: count)
    return coder.flip(words.mutableSpan, by: code.span) ? words.map(~) : nil
  }

  @Test(arguments: [0, 1, 2, 3, 63, 64, 255, 256, 257, 1_025], [1, 2, 7, 30, 400, 1_000_000])
  func decode_givesWhatWasCoded(count: Int, rate: Int) throws {
    let words = words(count, oneIn: rate, seed: count)
    let code = try #require(encode(words))
    #expect(decode(code, count: count) == words)
  }

  @Test func extremes_comeBack() throws {
    for places in [[0], [63], [64 * 999 + 63], [0, 64 * 999 + 63], [64 * 500 - 1, 64 * 500]] {
      var words = [UInt64](repeating: 0, count: 1_000)
      for place in places { words[place / 64] |= 1 << UInt64(place % 64) }
      let code = try #require(encode(words))
      #expect(decode(code, count: 1_000) == words, "\(places)")
    }
  }

  /// Gaps with more zeros and ones than are joined.
  @Test(arguments: [1, 8, 14, 16, 20, 40, 400])
  func longGapsAmongShortOnes_comeBack(hole: Int) throws {
    var words = words(1_200, oneIn: 25, seed: hole)
    for start in stride(from: 100, to: 1_000, by: 2 * hole + 9) {
      for word in start..<min(start + hole, 1_100) { words[word] = 0 }
    }
    let code = try #require(encode(words))
    // Not the words themselves in a message.
    let isSame = decode(code, count: 1_200) == words
    #expect(isSame)
  }

  /// The entropies of independent flips.
  @Test(arguments: [(25, 0.2423), (100, 0.0808), (1_000, 0.0114)])
  func code_isWithinThreePercentOfTheEntropy(oneIn rate: Int, entropy: Double) throws {
    let words = words(6_144, oneIn: rate, seed: rate)
    let code = try #require(encode(words))
    let bits = Double(code.count) / Double(words.count)
    #expect(bits > 0.95 * entropy && bits < 1.03 * entropy + 0.001, "\(bits)")
  }

  @Test func tooLittleRoom_givesNothing() throws {
    let words = words(1_000, oneIn: 30, seed: 1)
    let whole = try #require(encode(words)).count
    #expect(encode(words, room: whole - 1) == nil)
    #expect(encode(words, room: whole + 40)?.count == whole)
  }

  @Test func damagedCodes_neverReachOutside() throws {
    let words = words(500, oneIn: 30, seed: 4)
    let code = try #require(encode(words))
    var refused = 0
    for position in 0..<2_000 {
      var damaged = code
      let bit = (position * 7_919) % (64 * code.count)
      damaged[bit / 64] ^= 1 << UInt64(bit % 64)
      if decode(damaged, count: 500) == nil { refused += 1 }
    }
    #expect(refused > 0)
    for length in 0..<code.count {
      #expect(decode(Array(code[..<length]), count: 500) == nil, "\(length) words")
    }
    #expect(decode([UInt64](repeating: .max, count: 20), count: 500) == nil)
    #expect(decode([UInt64](repeating: 0, count: 20), count: 500) == nil)
  }
}
