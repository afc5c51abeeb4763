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

  /// Adds one ballot to a tally with masks.
  ///
  /// - Parameters:
  ///   - ballot: The ballot.
  ///   - ranks: The number of ballots that the tally has room for.
  ///   - tally: `wordCount(coordinates:ranks:masked:)` words, with the lowest plane.
  /// - Precondition: The counts with the ballot fit the planes: no more than `ranks` ballots.
  /// - Complexity: O(words of the tally); no allocation.
  public static func add(
    _ ballot: borrowing SignPlanes, ranks: Int, to tally: consuming MutableSpan<UInt64>
  ) {
    let planes = planeCount(ranks: ranks, masked: true)
    precondition(
      tally.count == wordCount(coordinates: ballot.count, ranks: ranks, masked: true),
      "a tally of another vote")
    let signs = unsafe UnsafeRawBufferPointer(ballot.signs.unsafeElements)
    let masks = unsafe UnsafeRawBufferPointer(ballot.masks.unsafeElements)
    unsafe tally.withUnsafeMutableBytes { bytes in
      for first in stride(from: 0, to: ballot.wordCount, by: Lanes.scalarCount) {
        let block = first / blockPlaneWords
        let base = (block * planes * blockPlaneWords + first % blockPlaneWords) * 8
        let sign = unsafe lanes(of: signs, from: first)
        // An abstention counts 1, a negative sign 2.
        let mask = unsafe lanes(of: masks, from: first)
        let ones = unsafe bytes.loadUnaligned(fromByteOffset: base, as: Lanes.self)
        unsafe bytes.storeBytes(of: ones ^ mask, toByteOffset: base, as: Lanes.self)
        // A coordinate is never both, so one carry holds what goes into the second plane.
        var carry = sign | (ones & mask)
        for plane in 1..<planes {
          let offset = base + plane * blockPlaneWords * 8
          let counts = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
          unsafe bytes.storeBytes(of: counts ^ carry, toByteOffset: offset, as: Lanes.self)
          carry &= counts
        }
      }
    }
  }

  /// Copies a tally with masks; without `masked` its lowest plane, then zero, is left out.
  ///
  /// - Parameters:
  ///   - tally: Whole blocks.
  ///   - ranks: The number of ballots that both tallies have room for.
  ///   - masked: Whether the copy has the lowest plane.
  ///   - copy: At least as many blocks, the first ones written.
  /// - Complexity: O(words of the tally).
  public static func copy(
    _ tally: Span<UInt64>, ranks: Int, masked: Bool, into copy: inout MutableSpan<UInt64>
  ) {
    let blockWords = planeCount(ranks: ranks, masked: true) * blockPlaneWords
    let skipped = masked ? 0 : blockPlaneWords
    let copiedWords = blockWords - skipped
    for block in 0..<tally.count / blockWords {
      for word in 0..<copiedWords {
        copy[block * copiedWords + word] = tally[block * blockWords + skipped + word]
      }
    }
  }

  /// Eight words of a plane; 0 behind its end.
  static func lanes(of plane: UnsafeRawBufferPointer, from word: Int) -> Lanes {
    let offset = word * 8
    if offset + MemoryLayout<Lanes>.size <= plane.count {
      return unsafe plane.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
    }
    var lanes = Lanes(repeating: 0)
    for lane in 0..<max(0, plane.count - offset) / 8 {
      lanes[lane] = unsafe plane.load(fromByteOffset: offset + 8 * lane, as: UInt64.self)
    }
    return lanes
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
