internal import AlignedBuffers
internal import SignBits

/// Codes chunks of planes as what changed since the same sender's last ones, and decodes them.
///
/// The content of a coded message is three words and one or two codes:
///
/// 1. the number of the vote that the sender's reference is from (32 bits), and flags above them:
///    whether the mask has changed, and which of the two codes are of gaps;
/// 2. the bytes of the code of the signs (32 bits) and of the masks;
/// 3. the hash of the chunk that comes out, since a change of a wrong reference would go unseen;
/// 4. the codes, each in whole words: of the signs that flipped where no mask is, and of the mask
///    bits that flipped. Few flips are coded by their gaps (`GapCode`), many as bytes
///    (`HuffmanCode`).
///
/// Which votes are references is part of what both ends do: every chunk that was sent, coded or not,
/// is the reference of the next one. References start as none and are not kept in checkpoints: they
/// change bytes, never bits.
final class DeltaCoder {
  static let headWords = 3
  private static let maskChanges: UInt64 = 1 << 32
  private static let signGaps: UInt64 = 1 << 33
  private static let maskGaps: UInt64 = 1 << 34

  private let huffman = HuffmanCode()
  private var gaps = GapCode()
  private var signFlips: AlignedBuffer<UInt64>
  private var maskFlips: AlignedBuffer<UInt64>

  /// A coder of chunks of at most so many words a plane.
  init(chunkWords: Int) {
    signFlips = AlignedBuffer(repeating: 0, count: chunkWords)
    maskFlips = AlignedBuffer(repeating: 0, count: chunkWords)
  }

  /// Codes a chunk, which is the reference of the next vote then.
  ///
  /// - Parameters:
  ///   - planes: The ballot or verdict.
  ///   - range: The blocks of the chunk.
  ///   - reference: What the receivers know of this sender.
  ///   - place: The chunk's place in the reference.
  ///   - vote: The number of the vote.
  ///   - allowsTrits: Whether the message could be of trits.
  ///   - message: Room for the content.
  /// - Returns: The words of the content; nil where the chunk has to travel as it is, since it is
  ///   the first one or would not be shorter.
  func code(
    _ planes: borrowing SignPlanes, _ range: BlockRange, reference: inout ReferencePlanes,
    at place: ReferencePlanes.Place, vote: UInt32, allowsTrits: Bool,
    into message: inout MutableSpan<UInt64>
  ) -> Int? {
    let before = reference.vote(of: place)
    let change = reference.take(
      planes, from: range.words.lowerBound, at: place, vote: vote, signFlips: &signFlips,
      maskFlips: &maskFlips)
    let raw = rawWords(range, maskedBlocks: change.maskedBlocks, allowsTrits: allowsTrits)
    let limit = min(raw, message.count)
    guard let before, limit > Self.headWords else { return nil }
    var end = Self.headWords
    var head = UInt64(before)
    let signs = code(
      signFlips, words: range.words.count, setBits: change.signBits, into: &message, end..<limit)
    guard let signs else { return nil }
    if signs.isGaps { head |= Self.signGaps }
    end += (signs.byteCount + 7) / 8
    var maskBytes = 0
    if change.maskBits > 0 {
      guard end < limit,
        let masks = code(
          maskFlips, words: range.words.count, setBits: change.maskBits, into: &message,
          end..<limit)
      else { return nil }
      head |= masks.isGaps ? Self.maskChanges | Self.maskGaps : Self.maskChanges
      end += (masks.byteCount + 7) / 8
      maskBytes = masks.byteCount
    }
    message[0] = head
    message[1] = UInt64(signs.byteCount) | UInt64(maskBytes) << 32
    message[2] = reference.hash(of: place)
    return end
  }

  /// Codes the first words of flips by the better one of the codes; nil where there is no room.
  private func code(
    _ flips: borrowing AlignedBuffer<UInt64>, words: Int, setBits: Int,
    into message: inout MutableSpan<UInt64>, _ room: Range<Int>
  ) -> (byteCount: Int, isGaps: Bool)? {
    let flips = flips.span.extracting(0..<words)
    guard words < GapCode.wordLimit, Double(setBits) < GapCode.densest * Double(64 * words) else {
      return huffman.code(flips, into: &message, room).map { ($0, false) }
    }
    return gaps.code(flips, setBits: setBits, into: &message, room).map { (8 * $0, true) }
  }

  /// The words of the chunk's content when it is not coded; a few more where its last block is short.
  private func rawWords(_ range: BlockRange, maskedBlocks: Int, allowsTrits: Bool) -> Int {
    guard maskedBlocks > 0 else { return range.paddedWords }
    let planes = range.paddedWords + range.bitmapWords + maskedBlocks * Tally.blockPlaneWords
    let trits = SignPlanes.tritWordCount(ofWords: range.words.count)
    return allowsTrits ? min(planes, trits) : planes
  }

  /// Decodes a chunk into the reference.
  ///
  /// - Throws: What is wrong with the message; the reference is of no more use then.
  func decode(
    _ content: Span<UInt64>, reference: inout ReferencePlanes, at place: ReferencePlanes.Place,
    vote: UInt32
  ) throws(ChunkProblem) {
    guard content.count > Self.headWords else {
      throw ChunkProblem("a code too short for its head")
    }
    let before = UInt32(truncatingIfNeeded: content[0])
    guard before == reference.vote(of: place) else {
      let known = reference.vote(of: place).map { "of vote \($0)" } ?? "none"
      throw ChunkProblem("changes since vote \(before), but its last chunk here is \(known)")
    }
    let changesMask = content[0] & Self.maskChanges != 0
    let signBytes = Int(content[1] & 0xFFFF_FFFF)
    let maskBytes = Int(content[1] >> 32)
    let maskStart = Self.headWords + (signBytes + 7) / 8
    guard maskStart + (maskBytes + 7) / 8 == content.count, changesMask == (maskBytes > 0) else {
      throw ChunkProblem("codes of \(signBytes) and \(maskBytes) bytes in \(8 * content.count)")
    }
    let isCode =
      flip(
        &reference.signs, place.words, by: content.extracting(Self.headWords..<maskStart),
        byteCount: signBytes, isGaps: content[0] & Self.signGaps != 0)
      && (!changesMask
        || flip(
          &reference.masks, place.words, by: content.extracting(maskStart..<content.count),
          byteCount: maskBytes, isGaps: content[0] & Self.maskGaps != 0))
    guard isCode else { throw ChunkProblem("a code that does not give \(place.words.count) words") }
    reference.take(place, vote: vote, masksChanged: changesMask)
    guard reference.hash(of: place) == content[2] else {
      throw ChunkProblem("a code whose chunk has another hash than the sender's")
    }
  }

  /// Flips bits of a plane; whether the code was one of as many words.
  private func flip(
    _ plane: inout AlignedBuffer<UInt64>, _ words: Range<Int>, by code: Span<UInt64>,
    byteCount: Int, isGaps: Bool
  ) -> Bool {
    if isGaps { return gaps.flip(plane.mutableSpan(in: words), by: code) }
    guard
      huffman.decode(code, byteCount: byteCount, into: signFlips.mutableSpan(in: 0..<words.count))
    else { return false }
    let target = unsafe plane.unsafeElements.extracting(words)
    let flips = unsafe signFlips.unsafeElements
    for word in 0..<words.count { unsafe target[word] ^= flips[word] }
    return true
  }

  /// Takes a chunk that came as it is as the reference of the next vote.
  func take(
    _ planes: borrowing SignPlanes, from first: Int, reference: inout ReferencePlanes,
    at place: ReferencePlanes.Place, vote: UInt32
  ) {
    _ = reference.take(
      planes, from: first, at: place, vote: vote, signFlips: &signFlips, maskFlips: &maskFlips)
  }
}
