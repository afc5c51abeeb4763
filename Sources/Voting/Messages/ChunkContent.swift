internal import AlignedBuffers
internal import SignBits

/// What a message of the routes `exchange` and `gather` carries behind its head.
///
/// Planes in messages are of whole groups of eight words, 0 behind the last coordinate.
enum ChunkContent: UInt64 {
  /// The sign plane.
  case signs = 1
  /// The sign plane, a bitmap of the blocks that have a mask, and the mask planes of these blocks.
  case signsAndMasks = 2
  /// Both planes as trits, five in a byte.
  case trits = 3
  /// A tally of several ballots without its lowest plane.
  case tally = 4
  /// A tally of several ballots.
  case maskedTally = 5
  /// What changed since the sender's last message: see `DeltaCoder`.
  case changes = 6

  /// Whether it holds a tally.
  var isTally: Bool { self == .tally || self == .maskedTally }
}

/// What is wrong with a message.
struct ChunkProblem: Error {
  let text: String

  init(_ text: String) { self.text = text }
}

/// The first word of every message of the routes `exchange` and `gather`.
struct ChunkHead: Equatable {
  var content: UInt64
  var chunk: Int
  /// Counts the votes: what is left over from another one is found.
  var vote: UInt32

  /// Eight bits of content, 24 of chunk, 32 of vote.
  var word: UInt64 {
    content | UInt64(truncatingIfNeeded: chunk) << 8 & 0xFFFF_FF00 | UInt64(vote) << 32
  }

  init(_ content: ChunkContent, chunk: Int, vote: UInt32) {
    self.content = content.rawValue
    self.chunk = chunk
    self.vote = vote
  }

  init(word: UInt64) {
    content = word & 0xFF
    chunk = Int(word >> 8 & 0xFF_FFFF)
    vote = UInt32(truncatingIfNeeded: word >> 32)
  }
}

/// Some blocks of planes of a certain length.
struct BlockRange {
  let blocks: Range<Int>
  /// The words of the blocks, of a whole plane up to its end.
  let words: Range<Int>

  init(_ blocks: Range<Int>, planeWords: Int) {
    self.blocks = blocks
    words =
      min(
        blocks.lowerBound * Tally.blockPlaneWords, planeWords)..<min(
        blocks.upperBound * Tally.blockPlaneWords, planeWords)
  }

  /// The words that a plane takes in a message.
  var paddedWords: Int { (words.count + 7) / 8 * 8 }

  /// The words that a bitmap of the blocks takes.
  var bitmapWords: Int { (blocks.count + 63) / 64 }

  /// The words of a block, by its place among the blocks.
  func words(at index: Int) -> Range<Int> {
    let first = words.lowerBound + index * Tally.blockPlaneWords
    return first..<min(first + Tally.blockPlaneWords, words.upperBound)
  }

  /// The words that the plane of a block takes in a message.
  func paddedWords(at index: Int) -> Int { (words(at: index).count + 7) / 8 * 8 }
}

extension BlockRange {
  /// Writes the signs of the blocks and the masks of those that have one.
  ///
  /// - Parameters:
  ///   - signs: The words of the sign plane, those of the range alone.
  ///   - masks: Those of the mask plane; nil where no bit is set. A masked sign is written as 0.
  ///   - message: Room for the content.
  /// - Returns: What was written, and how many words.
  func write(
    signs: Span<UInt64>, masks: Span<UInt64>?, into message: inout MutableSpan<UInt64>
  ) -> (content: ChunkContent, wordCount: Int) {
    copyWords(signs, 0..<signs.count, to: &message, at: 0)
    let bitmap = paddedWords
    guard let masks else { return (.signs, bitmap) }
    for word in 0..<bitmapWords { message[bitmap + word] = 0 }
    var end = bitmap + bitmapWords
    for block in 0..<blocks.count {
      let first = block * Tally.blockPlaneWords
      let words = first..<min(first + Tally.blockPlaneWords, signs.count)
      guard isAnySet(masks, words) else { continue }
      for word in words { message[word] &= ~masks[word] }
      message[bitmap + block / 64] |= 1 << UInt64(block % 64)
      copyWords(masks, words, to: &message, at: end)
      end += paddedWords(at: block)
    }
    return end == bitmap + bitmapWords ? (.signs, bitmap) : (.signsAndMasks, end)
  }
}

extension SignPlanes {
  /// Writes the signs of some blocks and the masks of those that have one.
  ///
  /// - Returns: What was written, and how many words.
  func write(_ range: BlockRange, into message: inout MutableSpan<UInt64>)
    -> (content: ChunkContent, wordCount: Int)
  {
    range.write(
      signs: signs.span.extracting(range.words),
      masks: hasMask ? masks.span.extracting(range.words) : nil, into: &message)
  }

  /// Writes some blocks in the shortest of the contents.
  func writeShortest(_ range: BlockRange, into message: inout MutableSpan<UInt64>)
    -> (content: ChunkContent, wordCount: Int)
  {
    let planes = write(range, into: &message)
    let trits = Self.tritWordCount(ofWords: range.words.count)
    guard planes.content == .signsAndMasks, trits < planes.wordCount else { return planes }
    writeTrits(of: range.words, into: &message)
    return (.trits, trits)
  }

  /// Reads some blocks.
  ///
  /// - Precondition: The words are as many as `wordCount(of:content:in:)` says.
  mutating func read(_ range: BlockRange, _ content: ChunkContent, from message: Span<UInt64>) {
    if content == .trits { return readTrits(of: range.words, from: message) }
    signs.copy(message, from: 0, to: range.words)
    guard content == .signsAndMasks else {
      masks.copy(nil, from: 0, to: range.words)
      return
    }
    hasMask = true
    var source = range.paddedWords + range.bitmapWords
    for block in 0..<range.blocks.count {
      let isMasked = message[range.paddedWords + block / 64] >> UInt64(block % 64) & 1 == 1
      masks.copy(isMasked ? message : nil, from: source, to: range.words(at: block))
      if isMasked { source += range.paddedWords(at: block) }
    }
  }
}

extension BlockRange {
  /// Checks head and length of a message.
  ///
  /// - Parameters:
  ///   - message: The message.
  ///   - headWords: The words before its content.
  ///   - expected: The chunk and the vote that it has to be of.
  ///   - shape: The vote.
  /// - Returns: What it carries; whether a code is one is seen when it is decoded.
  func check(
    _ message: Span<UInt64>, headWords: Int, expected: (chunk: Int, vote: UInt32),
    _ shape: VoteShape
  ) throws(ChunkProblem) -> ChunkContent {
    guard message.count >= headWords else {
      throw ChunkProblem("\(8 * message.count) bytes, too short for a head")
    }
    let found = ChunkHead(word: message[0])
    guard found.chunk == expected.chunk, found.vote == expected.vote else {
      throw ChunkProblem("chunk \(found.chunk) of vote \(found.vote)")
    }
    guard let content = ChunkContent(rawValue: found.content),
      content != .changes || shape.coding != .none
    else { throw ChunkProblem("the unknown kind \(found.content)") }
    let words =
      switch content {
      case .tally, .maskedTally: blocks.count * shape.blockWords(masked: content == .maskedTally)
      case .changes: message.count - headWords
      default: wordCount(of: content, in: message.extracting(headWords...))
      }
    guard let words, headWords + words == message.count else {
      throw ChunkProblem("\(8 * message.count) bytes")
    }
    return content
  }

  /// The words of a content that holds planes; nil when the message is too short to say.
  func wordCount(of content: ChunkContent, in message: Span<UInt64>) -> Int? {
    switch content {
    case .signs: return paddedWords
    case .trits: return SignPlanes.tritWordCount(ofWords: words.count)
    case .signsAndMasks:
      guard message.count >= paddedWords + bitmapWords else { return nil }
      var count = paddedWords + bitmapWords
      for block in 0..<blocks.count
      where message[paddedWords + block / 64] >> UInt64(block % 64) & 1 == 1 {
        count += paddedWords(at: block)
      }
      return count
    case .tally, .maskedTally, .changes: return nil
    }
  }
}

/// Copies words of a plane into a message and fills the last group of eight with 0.
private func copyWords(
  _ plane: Span<UInt64>, _ words: Range<Int>, to message: inout MutableSpan<UInt64>, at first: Int
) {
  let end = first + words.count
  precondition(first >= 0 && end <= message.count, "a plane longer than the room for it")
  unsafe plane.extracting(words).withUnsafeBufferPointer { part in
    _ = unsafe message.withUnsafeMutableBufferPointer { target in
      unsafe UnsafeMutableBufferPointer(rebasing: target[first..<end]).update(fromContentsOf: part)
    }
  }
  for index in end..<first + (words.count + 7) / 8 * 8 { message[index] = 0 }
}

/// Whether any bit of some words is set.
func isAnySet(_ plane: Span<UInt64>, _ words: Range<Int>) -> Bool {
  var all: UInt64 = 0
  for word in words { all |= plane[word] }
  return all != 0
}

extension AlignedBuffer<UInt64> {
  /// Copies words of a message, or zeros, into a plane.
  mutating func copy(_ message: Span<UInt64>?, from first: Int, to words: Range<Int>) {
    var target = mutableSpan(in: words)
    guard let source = message?.extracting(first..<first + words.count) else {
      for index in target.indices { target[index] = 0 }
      return
    }
    unsafe source.withUnsafeBufferPointer { source in
      _ = unsafe target.withUnsafeMutableBufferPointer { target in
        unsafe target.update(fromContentsOf: source)
      }
    }
  }
}
