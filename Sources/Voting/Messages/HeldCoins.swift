internal import AlignedBuffers
internal import SignBits

/// The coins of the blocks that a rank tallies, drawn once for the steps in which they are held.
///
/// Drawing takes longer than tallying; memory: one plane of the shard.
struct HeldCoins: ~Copyable {
  private(set) var words = AlignedBuffer<UInt64>(repeating: 0, count: 0)
  /// For which held steps the coins of each block were drawn.
  private var drawn: [Int] = []
  private var held = -1
  private var coins = TieCoins(seed: 0, step: 0)

  /// Makes room for the coins of so many blocks.
  mutating func reserve(blockCount: Int) {
    words = AlignedBuffer(repeating: 0, count: blockCount * Tally.blockPlaneWords)
    drawn = Array(repeating: -1, count: blockCount)
  }

  /// Takes the coins of a step from now on.
  mutating func turn(to step: Int, seed: UInt64) {
    held = step / TieCoins.heldSteps
    coins = TieCoins(seed: seed, step: step)
  }

  /// Draws the coins of some blocks, unless they are still held.
  ///
  /// - Parameter first: The place of the first one's coins, in blocks.
  mutating func draw(_ blocks: Range<Int>, at first: Int) {
    for (index, block) in blocks.enumerated() where drawn[first + index] != held {
      let place = first + index
      coins.write(
        from: block * Tally.blockPlaneWords,
        into: words.mutableSpan(in: coins(at: place..<place + 1)))
      drawn[place] = held
    }
  }

  /// The coins at some places, counted in blocks; none without room for any.
  func coins(at places: Range<Int>) -> Range<Int> {
    drawn.isEmpty
      ? 0..<0
      : places.lowerBound * Tally.blockPlaneWords..<places.upperBound * Tally.blockPlaneWords
  }
}
