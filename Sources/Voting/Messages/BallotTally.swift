internal import AlignedBuffers
internal import SignBits

/// Decides blocks from the messages of all ranks, which lie side by side as they came.
///
/// Memory: one plane of the coins of the blocks, where a coin decides ties.
final class BallotTally {
  private let shape: VoteShape
  private var coins = HeldCoins()
  /// Where the ballots of a block lie, by rank.
  private var signs: [Int]
  private var masks: [Int]
  private var nextMask: [Int]
  private var hasLowPlane: [Bool]
  /// The tallies of a block, by rank.
  private var parts: [Tally.Part]

  /// A tally of so many blocks at the most.
  init(_ shape: VoteShape, blockCount: Int) {
    self.shape = shape
    signs = Array(repeating: 0, count: shape.ranks)
    masks = Array(repeating: -1, count: shape.ranks)
    nextMask = Array(repeating: 0, count: shape.ranks)
    hasLowPlane = Array(repeating: false, count: shape.ranks)
    parts = Array(
      repeating: .tally(at: 0, ranks: shape.voters, masked: false),
      count: shape.sendsTallies ? shape.ranks : 0)
    if shape.rule == .fair { coins.reserve(blockCount: blockCount) }
  }

  /// Takes the coins of a step from now on.
  func turn(to step: Int) { coins.turn(to: step, seed: shape.seed) }

  /// Decides the blocks of a range.
  ///
  /// - Parameters:
  ///   - range: The blocks.
  ///   - messages: The messages by rank, each a head and a content of planes or of a tally.
  ///   - stride: The words from one message to the next.
  ///   - headWords: The words of a head.
  ///   - firstCoins: The place of the coins of the first block.
  ///   - verdict: Where the signs of the blocks go.
  /// - Complexity: O(N · words of the blocks); no allocation.
  func decide(
    _ range: BlockRange, in messages: Span<UInt64>, stride: Int, headWords: Int,
    coinsAt firstCoins: Int, into verdict: inout SignPlanes
  ) {
    let lowPlane: ChunkContent = shape.sendsTallies ? .maskedTally : .signsAndMasks
    for rank in 0..<shape.ranks {
      hasLowPlane[rank] = ChunkHead(word: messages[rank * stride]).content == lowPlane.rawValue
    }
    // An odd number of voters ties only where some abstain.
    if shape.rule == .fair, shape.voters % 2 == 0 || hasLowPlane.contains(true) {
      coins.draw(range.blocks, at: firstCoins)
    }
    if shape.sendsTallies {
      decideTallies(range, in: messages, stride, headWords, firstCoins, into: &verdict)
    } else {
      decideBallots(range, in: messages, stride, headWords, firstCoins, into: &verdict)
    }
  }

  private func decideBallots(
    _ range: BlockRange, in messages: Span<UInt64>, _ stride: Int, _ headWords: Int,
    _ firstCoins: Int, into verdict: inout SignPlanes
  ) {
    let bitmap = headWords + range.paddedWords
    for rank in 0..<shape.ranks { nextMask[rank] = rank * stride + bitmap + range.bitmapWords }
    // Masks come with single blocks; signs of all lie in one plane.
    let count = range.blocks.count
    let run = hasLowPlane.contains(true) ? 1 : max(count, 1)
    for index in Swift.stride(from: 0, to: count, by: run) {
      for rank in 0..<shape.ranks {
        let first = rank * stride
        signs[rank] = first + headWords + index * Tally.blockPlaneWords
        masks[rank] = -1
        guard hasLowPlane[rank],
          messages[first + bitmap + index / 64] >> UInt64(index % 64) & 1 == 1
        else { continue }
        masks[rank] = nextMask[rank]
        nextMask[rank] += range.paddedWords(at: index)
      }
      let first = range.blocks.lowerBound + index
      let coinPlaces = coins.coins(at: firstCoins + index..<firstCoins + index + run)
      Tally.decide(
        blocks: first..<first + run, ballotsWithSigns: signs.span, masks: masks.span,
        in: messages, rule: shape.rule, coins: coins.words.span.extracting(coinPlaces),
        into: &verdict)
    }
  }

  private func decideTallies(
    _ range: BlockRange, in messages: Span<UInt64>, _ stride: Int, _ headWords: Int,
    _ firstCoins: Int, into verdict: inout SignPlanes
  ) {
    for (index, block) in range.blocks.enumerated() {
      for rank in 0..<shape.ranks {
        let isMasked = hasLowPlane[rank]
        parts[rank] = .tally(
          at: rank * stride + headWords + index * shape.blockWords(masked: isMasked),
          ranks: shape.voters, masked: isMasked)
      }
      let coinPlaces = coins.coins(at: firstCoins + index..<firstCoins + index + 1)
      Tally.decide(
        block: block, parts: parts.span, in: messages, ranks: shape.voters, rule: shape.rule,
        coins: coins.words.span.extracting(coinPlaces), into: &verdict)
    }
  }
}
