import AlignedBuffers
import SignBits
import TestSupport
import Testing

@testable import Voting

/// Two ends of a connection: what one codes the other decodes.
private final class Connection {
  let count: Int
  let range: BlockRange
  let coder: DeltaCoder
  var planes: SignPlanes
  var result: SignPlanes
  private var sent: ReferencePlanes
  private var received: ReferencePlanes
  private let place: ReferencePlanes.Place

  init(count: Int) {
    self.count = count
    let words = SignPlanes.wordCount(of: count)
    range = BlockRange(0..<Tally.blockCount(coordinates: count), planeWords: words)
    coder = DeltaCoder(chunkWords: words)
    planes = SignPlanes(count: count)
    result = SignPlanes(count: count)
    sent = ReferencePlanes(wordCount: words, chunkCount: 1)
    received = ReferencePlanes(wordCount: words, chunkCount: 1)
    place = ReferencePlanes.Place(chunk: 0, words: 0..<words)
  }

  /// The message of the planes; nil where they travel as they are, which the other end then keeps.
  func send(vote: UInt32, allowsTrits: Bool = true) -> [UInt64]? {
    var message = [UInt64](repeating: 0xAAAA, count: 2 * range.paddedWords + range.bitmapWords + 8)
    var span = message.mutableSpan
    let words = coder.code(
      planes, range, reference: &sent, at: place, vote: vote, allowsTrits: allowsTrits,
      into: &span)
    guard let words else {
      coder.take(planes, from: 0, reference: &received, at: place, vote: vote)
      return nil
    }
    return Array(message[..<words])
  }

  /// Decodes a message into `result`.
  func receive(_ message: [UInt64], vote: UInt32) throws(ChunkProblem) {
    try coder.decode(message.span, reference: &received, at: place, vote: vote)
    result.clearMask()
    received.copy(place, to: &result, from: 0)
  }

  var isEqual: Bool {
    (0..<count).allSatisfy { planes[$0] == result[$0] }
  }
}

@Suite("Delta coder")
struct DeltaCoderTests {
  /// Signs and masks that change at a rate, with all sorts of votes in between.
  private func change(_ connection: Connection, oneIn rate: Int, masks: Bool, _ dice: inout Dice) {
    for index in 0..<connection.count where dice.roll(rate) == 0 {
      connection.planes[index] = masks ? dice.roll(3) - 1 : dice.roll(2) * 2 - 1
    }
  }

  @Test(arguments: edgeCounts.dropFirst() + [4_096, 9_001, 40_000], [false, true])
  func decode_givesWhatWasCoded(count: Int, masks: Bool) throws {
    let connection = Connection(count: count)
    var dice = Dice(seed: count)
    var coded = 0
    for vote in 1...12 {
      change(connection, oneIn: vote < 4 ? 2 : 50, masks: masks && vote % 5 != 0, &dice)
      guard let message = connection.send(vote: UInt32(vote)) else { continue }
      coded += 1
      try connection.receive(message, vote: UInt32(vote))
      #expect(connection.isEqual, "vote \(vote)")
    }
    #expect(coded > 0 || count < 4_096, "nothing was ever coded")
  }

  /// Within 6 % of the entropy of flips, and the head.
  @Test(arguments: [(7, 0.5917), (14, 0.3712), (33, 0.1959), (100, 0.0808), (1_000, 0.0114)])
  func code_isNearTheEntropy(oneIn rate: Int, entropy: Double) throws {
    let count = 393_216
    let connection = Connection(count: count)
    var dice = Dice(seed: rate)
    for index in 0..<count where dice.roll(2) == 0 { connection.planes[index] = -1 }
    #expect(connection.send(vote: 1) == nil)
    for index in 0..<count where dice.roll(rate) == 0 {
      connection.planes[index] = -connection.planes[index]
    }
    let message = try #require(connection.send(vote: 2))
    let bits = Double(64 * message.count) / Double(count)
    #expect(bits >= entropy * 0.97 && bits <= 1.06 * entropy + 0.008, "\(bits) bits")
  }

  @Test func aMask_thatComesAndGoes_costsNothingInTheSigns() throws {
    let count = 65_536
    let connection = Connection(count: count)
    var dice = Dice(seed: 3)
    for index in 0..<count where dice.roll(2) == 0 { connection.planes[index] = -1 }
    let signs = (0..<count).map { connection.planes[$0] }
    #expect(connection.send(vote: 1) == nil)
    for (vote, masked) in [(2, true), (3, false)] {
      for index in 10_000..<30_000 { connection.planes[index] = masked ? 0 : signs[index] }
      let message = try #require(connection.send(vote: UInt32(vote)))
      let signBytes = message[1] & 0xFFFF_FFFF
      #expect(signBytes < 40, "\(signBytes) bytes of signs in vote \(vote)")
      try connection.receive(message, vote: UInt32(vote))
      #expect(connection.isEqual)
    }
  }

  @Test func noise_travelsAsItIs() {
    let connection = Connection(count: 40_960)
    var dice = Dice(seed: 1)
    for vote in 1...3 {
      change(connection, oneIn: 1, masks: false, &dice)
      #expect(connection.send(vote: UInt32(vote)) == nil, "vote \(vote)")
    }
  }

  /// One bit anywhere in the message: found, or without consequence for what comes out.
  @Test func aFlippedBit_isNeverVotedOn() throws {
    var found = 0
    for position in 0..<400 {
      let connection = Connection(count: 9_001)
      var dice = Dice(seed: 9)
      #expect(connection.send(vote: 1) == nil)
      change(connection, oneIn: 30, masks: true, &dice)
      var message = try #require(connection.send(vote: 2))
      let bit = (position * 7919) % (64 * message.count)
      message[bit / 64] ^= 1 << UInt64(bit % 64)
      do throws(ChunkProblem) {
        try connection.receive(message, vote: 2)
        #expect(connection.isEqual, "bit \(bit) went unseen")
      } catch {
        found += 1
      }
    }
    // What remains are bits that nobody reads, such as those that fill up a section.
    #expect(found > 300, "\(found) of 400")
  }

  @Test func aCutMessage_isRefused() throws {
    for length in 0..<60 {
      let connection = Connection(count: 9_001)
      var dice = Dice(seed: 9)
      #expect(connection.send(vote: 1) == nil)
      change(connection, oneIn: 30, masks: true, &dice)
      let message = try #require(connection.send(vote: 2))
      guard length < message.count else { continue }
      #expect(throws: ChunkProblem.self) {
        try connection.receive(Array(message[..<length]), vote: 2)
      }
    }
  }

  @Test func messagesOutOfOrder_areRefusedByTheirReference() throws {
    let connection = Connection(count: 9_001)
    var dice = Dice(seed: 2)
    #expect(connection.send(vote: 1) == nil)
    change(connection, oneIn: 30, masks: false, &dice)
    let second = try #require(connection.send(vote: 2))
    change(connection, oneIn: 30, masks: false, &dice)
    let third = try #require(connection.send(vote: 3))
    do throws(ChunkProblem) {
      try connection.receive(third, vote: 3)
      Issue.record("the third message was taken before the second")
    } catch {
      #expect(error.text.contains("since vote 2") && error.text.contains("vote 1"), "\(error.text)")
    }
    try connection.receive(second, vote: 2)
    try connection.receive(third, vote: 3)
    #expect(connection.isEqual)
  }
}
