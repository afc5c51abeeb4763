internal import AlignedBuffers

extension Tally {
  /// Writes blocks of one ballot as a tally.
  ///
  /// - Parameters:
  ///   - ballot: The ballot; without `masked` it has no mask, or its mask is not counted.
  ///   - blocks: The blocks.
  ///   - planes: The planes of the tally: one at least, two with `masked`.
  ///   - masked: Whether the lowest plane is there.
  ///   - tally: At least the words of so many planes, the first ones written.
  /// - Complexity: O(words of the tally).
  public static func write(
    _ ballot: borrowing SignPlanes, blocks: Range<Int>, planes: Int, masked: Bool,
    into tally: inout MutableSpan<UInt64>
  ) {
    precondition(planes >= (masked ? 2 : 1), "no plane for the signs")
    precondition(
      tally.count >= blocks.count * blockPlaneWords * planes, "no room for a tally")
    let signs = unsafe ballot.signs.unsafeElements
    let masks = unsafe ballot.masks.unsafeElements
    unsafe tally.withUnsafeMutableBufferPointer { tally in
      for (index, block) in blocks.enumerated() {
        let words = block * blockPlaneWords..<min((block + 1) * blockPlaneWords, ballot.wordCount)
        for plane in 0..<planes {
          let first = (index * planes + plane) * blockPlaneWords
          let target = unsafe UnsafeMutableBufferPointer(
            rebasing: tally[first..<first + blockPlaneWords])
          // The value of a plane: abstentions count 1, negative signs 2.
          let value = masked ? plane : plane + 1
          var end = 0
          if value < 2 {
            let source = unsafe value == 0 ? masks : signs
            end = unsafe target.update(fromContentsOf: source[words])
          }
          for word in end..<blockPlaneWords { unsafe target[word] = 0 }
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
    let count = ballot.wordCount
    guard let signs = unsafe UnsafePointer(ballot.signs.unsafeElements.baseAddress),
      let masks = unsafe UnsafePointer(ballot.masks.unsafeElements.baseAddress)
    else { return }
    unsafe tally.withUnsafeMutableBytes { bytes in
      for first in stride(from: 0, to: ballot.wordCount, by: Lanes.scalarCount) {
        let block = first / blockPlaneWords
        let base = (block * planes * blockPlaneWords + first % blockPlaneWords) * 8
        let sign = unsafe signs.lanes(at: first, of: count)
        // An abstention counts 1, a negative sign 2.
        let mask = unsafe masks.lanes(at: first, of: count)
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
    let blocks = tally.count / blockWords
    precondition(copy.count >= blocks * copiedWords, "no room for a tally")
    unsafe tally.withUnsafeBufferPointer { tally in
      unsafe copy.withUnsafeMutableBufferPointer { copy in
        for block in 0..<blocks {
          let first = block * blockWords + skipped
          _ = unsafe UnsafeMutableBufferPointer(rebasing: copy[(block * copiedWords)...])
            .update(fromContentsOf: tally[first..<first + copiedWords])
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
            let next = add(a, b, carry)
            unsafe accumulated.storeBytes(of: next.sum, toByteOffset: offset, as: Lanes.self)
            carry = next.carry
          }
        }
      }
    }
}
