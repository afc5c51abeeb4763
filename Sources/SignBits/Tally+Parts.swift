extension Tally {
  /// Where the counts of one block lie among words: the planes of a ballot, or those of a tally of
  /// any number of ballots.
  public struct Part: BitwiseCopyable, Sendable {
    /// Where the plane of weight 1 starts; -1 where there is none.
    let lowPlane: Int
    /// Where the plane of weight 2 starts; those of higher weights follow, a block's plane apart.
    let planes: Int
    /// The number of planes from weight 2 on.
    let planeCount: Int

    /// A ballot.
    ///
    /// - Parameters:
    ///   - signs: Where its sign plane of the block starts.
    ///   - masks: Where its mask plane of the block starts; nil where it has none.
    public static func ballot(signs: Int, masks: Int?) -> Part {
      Part(lowPlane: masks ?? -1, planes: signs, planeCount: 1)
    }

    /// A tally.
    ///
    /// - Parameters:
    ///   - first: Where its planes of the block start.
    ///   - ranks: The number of ballots that it has room for.
    ///   - masked: Whether the lowest plane is there.
    public static func tally(at first: Int, ranks: Int, masked: Bool) -> Part {
      Part(
        lowPlane: masked ? first : -1, planes: masked ? first + blockPlaneWords : first,
        planeCount: Tally.planeCount(ranks: ranks, masked: true) - 1)
    }

    /// Whether all planes of the block lie among so many words.
    func fits(in wordCount: Int) -> Bool {
      lowPlane >= -1 && planes >= 0 && lowPlane <= wordCount - blockPlaneWords
        && planes <= wordCount - planeCount * blockPlaneWords
    }
  }

  /// Adds up one block of ballots and tallies.
  ///
  /// - Parameters:
  ///   - parts: What is added. Planes are whole, 0 behind the last coordinate.
  ///   - words: The words in which the parts lie.
  ///   - ranks: The number of ballots that the sum has room for: at least those in all parts.
  ///   - masked: Whether the sum gets the lowest plane; needed where a part has one.
  ///   - sum: At least the words of a block, the first ones written.
  /// - Precondition: All parts lie within `words`.
  /// - Complexity: O(words of the parts); no allocation on the heap.
  public static func add(
    _ parts: Span<Part>, in words: Span<UInt64>, ranks: Int, masked: Bool,
    into sum: inout MutableSpan<UInt64>
  ) {
    let planes = planeCount(ranks: ranks, masked: true)
    let skipped = masked ? 0 : 1
    precondition(sum.count >= (planes - skipped) * blockPlaneWords, "a sum longer than its room")
    check(parts, planes: planes, wordCount: words.count)
    unsafe words.withUnsafeBytes { bytes in
      unsafe withUnsafeTemporaryAllocation(of: Lanes.self, capacity: planes) { counts -> Void in
        unsafe sum.withUnsafeMutableBytes { sum in
          for group in 0..<blockPlaneWords / Lanes.scalarCount {
            unsafe count(parts, bytes, group: group, in: counts)
            for plane in skipped..<planes {
              let word = (plane - skipped) * blockPlaneWords + 8 * group
              unsafe sum.storeBytes(of: counts[plane], toByteOffset: 8 * word, as: Lanes.self)
            }
          }
        }
      }
    }
  }

  /// Decides one block from ballots and tallies that hold all ballots together.
  ///
  /// - Parameters:
  ///   - block: The number of the block.
  ///   - parts: What is added. Planes are whole, 0 behind the last coordinate.
  ///   - words: The words in which the parts lie.
  ///   - ranks: N, the number of ballots in all parts together.
  ///   - rule: What a tie becomes.
  ///   - coins: The coins of the words of the block; none where nothing ties, or under another rule.
  ///   - verdict: Where the signs of N − S of the block go; `hasMask` is only ever set.
  /// - Precondition: All parts lie within `words`.
  /// - Complexity: O(words of the parts); no allocation on the heap.
  public static func decide(
    block: Int, parts: Span<Part>, in words: Span<UInt64>, ranks: Int, rule: SignRule,
    coins: Span<UInt64>, into verdict: inout SignPlanes
  ) {
    let planes = planeCount(ranks: ranks, masked: true)
    check(parts, planes: planes, wordCount: words.count)
    let decision = Decision(ranks: ranks, masked: true, rule: rule)
    unsafe words.withUnsafeBytes { bytes in
      unsafe withUnsafeTemporaryAllocation(of: Lanes.self, capacity: planes) { counts -> Void in
        decision.each(of: block, coins: coins, into: &verdict) { group, comparison in
          unsafe count(parts, bytes, group: group, in: counts)
          for plane in 0..<planes { unsafe comparison.add(counts[plane], plane: plane) }
        }
      }
    }
  }

  private static func check(_ parts: Span<Part>, planes: Int, wordCount: Int) {
    for part in parts.indices {
      precondition(parts[part].fits(in: wordCount), "a part outside the words")
      precondition(parts[part].planeCount < planes, "a part with more ballots than the sum")
    }
  }

  /// Adds up eight words of each plane of the parts.
  private static func count(
    _ parts: Span<Part>, _ bytes: UnsafeRawBufferPointer, group: Int,
    in counts: UnsafeMutableBufferPointer<Lanes>
  ) {
    unsafe counts.initialize(repeating: Lanes(repeating: 0))
    for part in parts.indices { unsafe add(parts[part], bytes, group: group, to: counts) }
  }

  /// Adds eight words of each plane of a part to the counts.
  private static func add(
    _ part: Part, _ bytes: UnsafeRawBufferPointer, group: Int,
    to counts: UnsafeMutableBufferPointer<Lanes>
  ) {
    var carry = Lanes(repeating: 0)
    if part.lowPlane >= 0 {
      let bits = unsafe bytes.loadUnaligned(
        fromByteOffset: 8 * (part.lowPlane + 8 * group), as: Lanes.self)
      carry = unsafe counts[0] & bits
      unsafe counts[0] ^= bits
    }
    for plane in 0..<part.planeCount {
      let word = part.planes + plane * blockPlaneWords + 8 * group
      let bits = unsafe bytes.loadUnaligned(fromByteOffset: 8 * word, as: Lanes.self)
      let next = unsafe add(counts[plane + 1], bits, carry)
      unsafe counts[plane + 1] = next.sum
      carry = next.carry
    }
    for plane in part.planeCount + 1..<counts.count {
      let sum = unsafe counts[plane] ^ carry
      carry &= unsafe counts[plane]
      unsafe counts[plane] = sum
    }
  }
}
