internal import AlignedBuffers

extension Tally {
  /// How the counts of a vote become a verdict.
  struct Decision {
    let ranks: Int
    /// Whether the counts have their lowest plane.
    let masked: Bool
    let rule: SignRule

    /// Whether counts can be equal to N: even ones never are to an odd N.
    var canTie: Bool { masked || ranks % 2 == 0 }

    /// Whether it needs coins.
    var tosses: Bool { rule == .fair && canTie }

    /// Decides a block from the planes of its ballots.
    func decide(
      block: Int, signs: Planes, masks: Planes, coins: Span<UInt64>, into verdict: inout SignPlanes
    ) {
      let none = unsafe UnsafeMutableBufferPointer<Lanes>(start: nil, count: 0)
      switch (ranks, masked) {
      case (2, false): unsafe plain(2, block, signs, higher: none, coins, &verdict)
      case (3, false): unsafe plain(3, block, signs, higher: none, coins, &verdict)
      case (4, false): unsafe plain(4, block, signs, higher: none, coins, &verdict)
      default:
        let planes = unsafe Counter.higherPlanes(ballots: ranks)
        unsafe withUnsafeTemporaryAllocation(of: Lanes.self, capacity: planes) { higher -> Void in
          if !masked { return unsafe plain(ranks, block, signs, higher: higher, coins, &verdict) }
          each(of: block, coins: coins, into: &verdict) { group, comparison in
            var counter = unsafe Counter(higher: higher)
            unsafe counter.count(ranks, of: masks, group: group)
            unsafe comparison.add(counter.halve(), plane: 0)
            unsafe counter.count(ranks, of: signs, group: group)
            unsafe counter.compare(in: &comparison, from: 1)
          }
        }
      }
    }

    /// Decides a block without masks; the compiler unrolls it for a constant number of ballots.
    @inline(__always)
    private func plain(
      _ ballots: Int, _ block: Int, _ signs: Planes, higher: UnsafeMutableBufferPointer<Lanes>,
      _ coins: Span<UInt64>, _ verdict: inout SignPlanes
    ) {
      each(of: block, coins: coins, into: &verdict) { group, comparison in
        var counter = unsafe Counter(higher: higher)
        unsafe counter.count(ballots, of: signs, group: group)
        unsafe counter.compare(in: &comparison, from: 0)
      }
    }

    /// Decides a block from its tallies, each of which starts somewhere among some words, with or
    /// without the lowest plane.
    func decide(
      block: Int, tallies: Span<Int>, masked hasLowest: Span<Bool>,
      in words: UnsafeRawPointer,
      coins: Span<UInt64>, into verdict: inout SignPlanes
    ) {
      let planes = planeCount(ranks: ranks, masked: masked)
      unsafe withUnsafeTemporaryAllocation(of: Lanes.self, capacity: planes) { counts -> Void in
        each(of: block, coins: coins, into: &verdict) { group, comparison in
          unsafe counts.initialize(repeating: Lanes(repeating: 0))
          for tally in tallies.indices {
            var word = tallies[tally] &+ 8 &* group
            var carry = Lanes(repeating: 0)
            for plane in (masked && !hasLowest[tally] ? 1 : 0)..<planes {
              let bits = unsafe words.loadUnaligned(fromByteOffset: 8 &* word, as: Lanes.self)
              let next = unsafe add(counts[plane], bits, carry)
              unsafe counts[plane] = next.sum
              carry = next.carry
              word &+= blockPlaneWords
            }
          }
          for plane in 0..<planes { unsafe comparison.add(counts[plane], plane: plane) }
        }
      }
    }

    /// Writes the verdict on a block, a group of eight words at a time, after a comparison of
    /// counts with N.
    @inline(__always)
    func each(
      of block: Int, coins: Span<UInt64>, into verdict: inout SignPlanes,
      compare: (_ group: Int, _ comparison: inout Comparison) -> Void
    ) {
      let firstWord = block * blockPlaneWords
      let groups = (wordCount(of: block, in: verdict) + 7) / 8
      precondition(!tosses || coins.count >= 8 * groups, "too few coins")
      let writesMasks = rule == .exact || verdict.hasMask
      let zero = Lanes(repeating: 0)
      var anyMask: UInt64 = 0
      unsafe coins.withUnsafeBufferPointer { coins in
        unsafe verdict.withUnsafeWords { signs, masks in
          let count = signs.count
          guard let signs = signs.baseAddress, let masks = masks.baseAddress else { return }
          let coins = tosses ? coins.baseAddress : nil
          for group in 0..<groups {
            let heads = unsafe coins?.lanes(at: 8 &* group, of: 8 &* groups) ?? zero
            var comparison = Comparison(limit: masked ? ranks : ranks / 2, heads: heads)
            compare(group, &comparison)
            unsafe signs.store(comparison.isGreater, at: firstWord &+ 8 &* group, of: count)
            guard writesMasks else { continue }
            let mask = rule == .exact && canTie ? comparison.isEqual : zero
            unsafe masks.store(mask, at: firstWord &+ 8 &* group, of: count)
          }
          guard writesMasks else { return }
          for word in firstWord..<min(firstWord + blockPlaneWords, count) {
            unsafe anyMask |= masks[word]
          }
        }
      }
      if anyMask != 0 { verdict.hasMask = true }
    }
  }
}
