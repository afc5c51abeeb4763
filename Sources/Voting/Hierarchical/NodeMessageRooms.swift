internal import AlignedBuffers
internal import SignBits

/// Where the messages of `NodeMessages` lie, and the blocks that each rank of the group tallies.
struct NodeMessageRooms {
  /// The blocks of the shards that each rank tallies, and where each of them starts in a message,
  /// in blocks.
  let shards: [[(number: Int, blocks: Range<Int>, first: Int)]]
  /// Of each rank: the ballot that comes from it, those of all side by side; the ballot that goes
  /// to it; the verdict that comes from it.
  let ballotsIn: [Range<Int>]
  let ballotsOut: [Range<Int>]
  let verdictsIn: [Range<Int>]
  let verdictOut: Range<Int>
  let wordCount: Int

  init(_ shape: VoteShape, _ plan: NodePlan, headWords: Int) {
    shards = plan.neighbours.indices.map { place in
      var first = 0
      return plan.shards(ofPlace: place).map { shard in
        let blocks = plan.blocks(of: shard)
        defer { first += blocks.count }
        return (shard, blocks, first)
      }
    }
    let blockCounts = shards.map { $0.reduce(0) { $0 + $1.blocks.count } }
    var end = 0
    func take(_ words: Int) -> Range<Int> {
      end += words
      return end - words..<end
    }
    let blockWords =
      shape.sendsTallies ? shape.blockWords(masked: true) : 2 * Tally.blockPlaneWords
    let own = blockCounts[plan.place]
    ballotsIn = blockCounts.map { _ in take(headWords + own * blockWords) }
    ballotsOut = blockCounts.map { take(headWords + $0 * blockWords) }
    verdictsIn = blockCounts.map { take(1 + 2 * $0 * Tally.blockPlaneWords) }
    verdictOut = take(1 + 2 * own * Tally.blockPlaneWords)
    wordCount = end
  }

  /// The blocks that a rank tallies.
  func blockCount(of place: Int) -> Int {
    shards[place].last.map { $0.first + $0.blocks.count } ?? 0
  }
}

extension MutableSpan<UInt64> {
  /// Copies words to a place.
  private mutating func copy(_ source: Span<UInt64>, _ words: Range<Int>, to first: Int) {
    precondition(first >= 0 && first + words.count <= count, "words longer than the room for them")
    unsafe source.extracting(words).withUnsafeBufferPointer { source in
      unsafe withUnsafeMutableBufferPointer { target in
        _ = unsafe UnsafeMutableBufferPointer(rebasing: target[first..<first + source.count])
          .update(fromContentsOf: source)
      }
    }
  }

  /// Copies the tally of some blocks to a place, in blocks.
  mutating func copy(tallyOf source: Contribution, _ blocks: Range<Int>, at first: Int) {
    let words = source.shape.blockWords(masked: true)
    source.tally.withSpan {
      copy($0, blocks.lowerBound * words..<blocks.upperBound * words, to: first * words)
    }
  }

  /// Copies the sign plane of some blocks to a place, in blocks, and where there is one the mask
  /// plane to the same place of the second half; 0 behind the last word of a plane.
  mutating func copy(_ source: borrowing SignPlanes, _ blocks: Range<Int>, at first: Int) {
    let words = BlockRange(blocks, planeWords: source.wordCount).words
    let place = first * Tally.blockPlaneWords
    let end = place + blocks.count * Tally.blockPlaneWords
    copy(source.signs.span, words, to: place)
    for index in place + words.count..<end { self[index] = 0 }
    guard source.hasMask else { return }
    copy(source.masks.span, words, to: count / 2 + place)
    for index in place + words.count..<end { self[count / 2 + index] = 0 }
  }
}

extension SignPlanes {
  /// Takes some blocks as `copy(_:_:at:)` wrote them.
  ///
  /// - Parameter masked: Whether there are two planes.
  mutating func read(
    _ blocks: Range<Int>, at first: Int, of message: Span<UInt64>, masked: Bool
  ) {
    let words = BlockRange(blocks, planeWords: wordCount).words
    let place = first * Tally.blockPlaneWords
    let half = message.count / 2
    var target = signs.mutableSpan(in: words)
    for index in target.indices { target[index] = message[place + index] }
    if masked { hasMask = true }
    target = masks.mutableSpan(in: words)
    for index in target.indices { target[index] = masked ? message[half + place + index] : 0 }
  }
}
