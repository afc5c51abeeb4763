internal import AlignedBuffers

extension Tally {
  /// Words that are added at once.
  typealias Lanes = SIMD8<UInt64>

  /// Writes one ballot as a tally.
  ///
  /// - Parameters:
  ///   - ballot: The ballot; without `masked` it has no mask, or its mask is not counted.
  ///   - ranks: The number of ballots that the tally has room for.
  ///   - masked: Whether the lowest plane is there.
  ///   - tally: At least `wordCount(coordinates:ranks:masked:)` words, the first ones written.
  /// - Complexity: O(words of the tally).
  public static func write(
    _ ballot: borrowing SignPlanes, ranks: Int, masked: Bool,
    into tally: inout MutableSpan<UInt64>
  ) {
    let planes = planeCount(ranks: ranks, masked: masked)
    let signs = ballot.signs.span
    let masks = ballot.masks.span
    for block in 0..<blockCount(coordinates: ballot.count) {
      let first = block * blockPlaneWords
      let filled = min(blockPlaneWords, ballot.wordCount - first)
      for plane in 0..<planes {
        let base = (block * planes + plane) * blockPlaneWords
        // The value of a plane: abstentions count 1, negative signs 2.
        let weight = masked ? plane : plane + 1
        for word in 0..<blockPlaneWords {
          tally[base + word] =
            word >= filled || weight > 1
            ? 0 : weight == 0 ? masks[first + word] : signs[first + word]
        }
      }
    }
  }

  /// Adds blocks of one tally to those of another, as the operation of a reduction does.
  ///
  /// - Parameters:
  ///   - incoming: The blocks to add.
  ///   - accumulated: The blocks they are added to.
  ///   - blockCount: The number of blocks.
  ///   - blockBytes: The bytes of a block: 512 times the number of planes.
  /// - Precondition: The counts of both together fit the planes.
  /// - Complexity: O(words); no allocation.
  public static let addBlocks:
    @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer, Int, Int) -> Void = {
      incoming, accumulated, blockCount, blockBytes in
      let planeBytes = blockPlaneWords * MemoryLayout<UInt64>.size
      for block in 0..<blockCount {
        for column in stride(from: 0, to: planeBytes, by: MemoryLayout<Lanes>.size) {
          var carry = Lanes(repeating: 0)
          for plane in stride(from: 0, to: blockBytes, by: planeBytes) {
            let offset = block * blockBytes + plane + column
            let a = unsafe incoming.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
            let b = unsafe accumulated.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
            let half = a ^ b
            unsafe accumulated.storeBytes(of: half ^ carry, toByteOffset: offset, as: Lanes.self)
            carry = (a & b) | (half & carry)
          }
        }
      }
    }
}
