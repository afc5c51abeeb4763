internal import AlignedBuffers
internal import SignBits

/// The coins of the blocks that a rank tallies, drawn once for the steps in which they are held.
///
/// Drawing takes longer than tallying; memory: one plane of the shard.
struct HeldCoins: ~Copyable {
  private var blocks = 0..<0
  private(set) var words = AlignedBuffer<UInt64>(repeating: 0, count: 0)
  /// For which held steps the coins of each block were drawn.
  private var drawn: [Int] = []
  private var held = -1
  private var coins = TieCoins(seed: 0, step: 0)

  /// Makes room for the coins of some blocks.
  mutating func reserve(_ blocks: Range<Int>) {
    self.blocks = blocks
    words = AlignedBuffer(repeating: 0, count: blocks.count * Tally.blockPlaneWords)
    drawn = Array(repeating: -1, count: blocks.count)
  }

  /// Takes the coins of a step from now on.
  mutating func turn(to step: Int, seed: UInt64) {
    held = step / TieCoins.heldSteps
    coins = TieCoins(seed: seed, step: step)
  }

  /// Draws the coins of some blocks, unless they are still held.
  mutating func draw(_ range: Range<Int>) {
    for block in range where drawn[block - blocks.lowerBound] != held {
      coins.write(
        from: block * Tally.blockPlaneWords, into: words.mutableSpan(in: place(of: block)))
      drawn[block - blocks.lowerBound] = held
    }
  }

  /// Where the coins of a block lie; nowhere without room for any.
  func place(of block: Int) -> Range<Int> {
    guard !blocks.isEmpty else { return 0..<0 }
    let first = (block - blocks.lowerBound) * Tally.blockPlaneWords
    return first..<first + Tally.blockPlaneWords
  }
}
