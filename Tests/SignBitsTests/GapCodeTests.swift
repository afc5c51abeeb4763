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
    return encode(words, room: room, by: &coder)
  }

  private func encode(
    _ words: [UInt64], room: Int? = nil, by coder: inout GapCode, before: UInt64 = .max
  ) -> [UInt64]? {
    let room = 3..<3 + (room ?? 2 * words.count + 97)
    var message = [UInt64](repeating: before, count: room.upperBound + 3)
    var span = message.mutableSpan
    let setBits = words.reduce(0) { $0 + $1.nonzeroBitCount }
    let count = coder.code(words.span, setBits: setBits, into: &span, room)
    for word in Array(0..<3) + Array(room.upperBound..<room.upperBound + 3) {
      #expect(message[word] == before, "word \(word) is outside of \(room)")
    }
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

  /// Gaps of more than eight low bits, in several groups.
  @Test(arguments: [5_000, 100_000])
  func rareBits_comeBack(rate: Int) throws {
    let words = words(40_000, oneIn: rate, seed: rate)
    let code = try #require(encode(words))
    let isSame = decode(code, count: 40_000) == words
    #expect(isSame)
  }

  @Test func code_dependsOnTheWordsAlone() throws {
    var coder = GapCode()
    let kinds = [(700, 30), (300, 7), (1_000, 3_000), (5, 30), (200, 1), (900, 40), (1, 20)]
    for (count, rate) in kinds {
      let words = words(count, oneIn: rate, seed: count)
      let fresh = try #require(encode(words))
      #expect(encode(words, by: &coder, before: 0) == fresh)
    }
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
    for room in 0..<whole { #expect(encode(words, room: room) == nil) }
    for room in whole...whole + 40 {
      if let code = encode(words, room: room) { #expect(code.count == whole) }
    }
    #expect(encode(words, room: whole + 40)?.count == whole)
    let last: [UInt64] = [0, 0, 1 << 63]
    for room in 0...10 { #expect((encode(last, room: room) == nil) == (room < 5), "\(room) words") }
  }

  @Test func bitsOutside_areRefused() throws {
    var words = [UInt64](repeating: 0, count: 101)
    words[100] = 1
    let code = try #require(encode(words))
    #expect(decode(code, count: 101) == words)
    #expect(decode(code, count: 100) == nil)
    // 16 low bits, one bit set: a gap of 2^32 and the spare bytes.
    let wrapped = [16 | 1 << 8, 0, 0, 0] + [UInt64](repeating: 0, count: 1_024) + [1]
    #expect(decode(wrapped, count: 1_000) == nil)
  }

  @Test func damagedCodes_neverReachOutside() throws {
    let words = words(500, oneIn: 30, seed: 4)
    let code = try #require(encode(words))
    // After the head and the low bits; each one that is lost or won makes another count.
    let lowBytes = Int(code[0] & 0xFF) * ((Int(code[0] >> 8) + 7) / 8)
    let ones = 1 + (lowBytes + 15) / 8
    for bit in 0..<64 * code.count {
      var damaged = code
      damaged[bit / 64] ^= 1 << UInt64(bit % 64)
      let decoded = decode(damaged, count: 500)
      if bit >= 64 * ones || (8..<64).contains(bit) { #expect(decoded == nil, "bit \(bit)") }
    }
    for shift in 0...UInt64(255) {
      let damaged = [code[0] & ~0xFF | shift] + code[1...]
      let isSame = decode(damaged, count: 500) == words
      #expect(isSame == (shift == code[0] & 0xFF), "\(shift) low bits")
    }
    for length in 0..<code.count {
      #expect(decode(Array(code[..<length]), count: 500) == nil, "\(length) words")
    }
    #expect(decode([UInt64](repeating: .max, count: 20), count: 500) == nil)
    #expect(decode([UInt64](repeating: 0, count: 20), count: 500) == nil)
  }
}
