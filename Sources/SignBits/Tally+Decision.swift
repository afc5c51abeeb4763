internal import AlignedBuffers

extension Tally {
  /// How the counts of a vote become a verdict.
  ///
  /// What the compiler makes of the loops, by their assembly: on AVX-512 a group of eight words is a
  /// register and a full adder three operations (vpternlog); on AVX2 two registers and on arm64
  /// four, an adder five operations on each; none goes lane by lane. Two things spoil them: a call in
  /// the loop, even in a branch never taken, which spills all vectors, and a group passed to one.
  struct Decision {
    let ranks: Int
    /// Whether the counts have their lowest plane.
    let masked: Bool
    let rule: SignRule

    /// Whether counts can be equal to N: even ones never are to an odd N.
    var canTie: Bool { masked || ranks % 2 == 0 }

    /// Whether it needs coins.
    var tosses: Bool { rule == .fair && canTie }

    /// Decides blocks from the planes of their ballots.
    ///
    /// For few ballots the loops are apart, with their number a constant, and the words behind the
    /// last whole group of eight are apart from the rest: so nothing leaves the registers.
    func decide(
      _ blocks: Range<Int>, signs: Planes, masks: Planes, coins: Span<UInt64>,
      into verdict: inout SignPlanes
    ) {
      unsafe withTarget(blocks, coins, &verdict) { target in
        let words = unsafe target.count
        let whole = 0..<words / 8
        switch (ranks, masked) {
        case (2, false): unsafe two(whole, signs, target)
        case (3, false): unsafe three(whole, signs, target)
        case (4, false): unsafe four(whole, signs, target)
        case (_, false): unsafe many(whole, signs, target)
        case (_, true): unsafe withMasks(whole, signs, masks, target)
        }
        if words % 8 > 0 { unsafe last(words / 8, signs, masks, target) }
      }
    }

    @inline(never)
    private func two(_ groups: Range<Int>, _ signs: Planes, _ target: Target) {
      unsafe few(2, groups, signs, target)
    }

    @inline(never)
    private func three(_ groups: Range<Int>, _ signs: Planes, _ target: Target) {
      unsafe few(3, groups, signs, target)
    }

    @inline(never)
    private func four(_ groups: Range<Int>, _ signs: Planes, _ target: Target) {
      unsafe few(4, groups, signs, target)
    }

    /// Decides groups from up to seven ballots without masks.
    @inline(__always)
    private func few(_ ballots: Int, _ groups: Range<Int>, _ signs: Planes, _ target: Target) {
      for group in groups {
        var counter = unsafe Counter(higher: UnsafeMutableBufferPointer(start: nil, count: 0))
        unsafe counter.count(ballots, of: signs, group: group, isWhole: true)
        var comparison = unsafe target.comparison(for: self, group: group)
        unsafe counter.compare(in: &comparison, from: 0)
        unsafe target.store(comparison, of: self, group: group)
      }
    }

    @inline(never)
    private func many(_ groups: Range<Int>, _ signs: Planes, _ target: Target) {
      unsafe withCounter { higher in
        for group in groups {
          var counter = unsafe Counter(higher: higher)
          unsafe counter.count(ranks, of: signs, group: group, isWhole: true)
          var comparison = unsafe target.comparison(for: self, group: group)
          unsafe counter.compare(in: &comparison, from: 0)
          unsafe target.store(comparison, of: self, group: group)
        }
      }
    }

    @inline(never)
    private func withMasks(
      _ groups: Range<Int>, _ signs: Planes, _ masks: Planes, _ target: Target
    ) {
      unsafe withCounter { higher in
        for group in groups {
          var counter = unsafe Counter(higher: higher)
          unsafe counter.count(ranks, of: masks, group: group, isWhole: true)
          var comparison = unsafe target.comparison(for: self, group: group)
          unsafe comparison.add(counter.halve(), plane: 0)
          unsafe counter.count(ranks, of: signs, group: group, isWhole: true)
          unsafe counter.compare(in: &comparison, from: 1)
          unsafe target.store(comparison, of: self, group: group)
        }
      }
    }

    /// Decides the words behind the last whole group.
    @inline(never)
    private func last(_ group: Int, _ signs: Planes, _ masks: Planes, _ target: Target) {
      unsafe withCounter { higher in
        var comparison = unsafe target.comparison(for: self, group: group)
        var counter = unsafe Counter(higher: higher)
        if masked {
          unsafe counter.count(ranks, of: masks, group: group, isWhole: false)
          unsafe comparison.add(counter.halve(), plane: 0)
        }
        unsafe counter.count(ranks, of: signs, group: group, isWhole: false)
        unsafe counter.compare(in: &comparison, from: masked ? 1 : 0)
        unsafe target.store(comparison, of: self, group: group)
      }
    }

    /// Decides blocks from the sum of a message of each rank and the own message.
    func decide(
      _ blocks: Range<Int>, sum: UnsafePointer<UInt64>, own: UnsafePointer<UInt64>, planes: Int,
      coins: Span<UInt64>, into verdict: inout SignPlanes
    ) {
      unsafe withTarget(blocks, coins, &verdict) { target in
        switch planes {
        case 1: unsafe onePlane(sum, own, target)
        case 2: unsafe twoPlanes(sum, own, target)
        default: unsafe shared(planes, sum, own, target)
        }
      }
    }

    @inline(never)
    private func onePlane(
      _ sum: UnsafePointer<UInt64>, _ own: UnsafePointer<UInt64>, _ target: Target
    ) {
      unsafe shared(1, sum, own, target)
    }

    @inline(never)
    private func twoPlanes(
      _ sum: UnsafePointer<UInt64>, _ own: UnsafePointer<UInt64>, _ target: Target
    ) {
      unsafe shared(2, sum, own, target)
    }

    @inline(__always)
    private func shared(
      _ planes: Int, _ sum: UnsafePointer<UInt64>, _ own: UnsafePointer<UInt64>, _ target: Target
    ) {
      let blockWords = planes &* blockPlaneWords
      let groupsPerBlock = blockPlaneWords / 8
      let ownSigns = masked ? blockPlaneWords : 0
      for group in unsafe 0..<(target.count &+ 7) / 8 {
        let first = group / groupsPerBlock &* blockWords &+ group % groupsPerBlock &* 8
        var comparison = unsafe target.comparison(for: self, group: group)
        // Where all planes are 0 all ballots are alike, so that the own one tells the highest.
        var any = Lanes(repeating: 0)
        for plane in 0..<planes {
          let bits = unsafe sum.lanes(at: first &+ plane &* blockPlaneWords)
          any |= bits
          comparison.add(bits, plane: plane)
        }
        unsafe comparison.add(own.lanes(at: first &+ ownSigns) & ~any, plane: planes)
        unsafe target.store(comparison, of: self, group: group)
      }
    }

    /// Lends memory for the higher planes of counts.
    @inline(__always)
    private func withCounter(_ body: (_ higher: UnsafeMutableBufferPointer<Lanes>) -> Void) {
      let planes = unsafe Counter.higherPlanes(ballots: ranks)
      unsafe withUnsafeTemporaryAllocation(of: Lanes.self, capacity: planes) { higher -> Void in
        unsafe body(higher)
      }
    }

    /// Writes the verdict on a block, a group of eight words at a time, after a comparison of
    /// counts with N.
    @inline(__always)
    func each(
      of block: Int, coins: Span<UInt64>, into verdict: inout SignPlanes,
      compare: (_ group: Int, _ comparison: inout Comparison) -> Void
    ) {
      unsafe withTarget(block..<block + 1, coins, &verdict) { target in
        for group in unsafe 0..<(target.count + 7) / 8 {
          var comparison = unsafe target.comparison(for: self, group: group)
          compare(group, &comparison)
          unsafe target.store(comparison, of: self, group: group)
        }
      }
    }

    /// Lends where blocks of the verdict go, and notes whether they have a mask.
    @inline(__always)
    private func withTarget(
      _ blocks: Range<Int>, _ coins: Span<UInt64>, _ verdict: inout SignPlanes,
      _ body: (_ target: Target) -> Void
    ) {
      let words = Tally.words(of: blocks, in: verdict)
      let first = words.lowerBound
      precondition(!tosses || coins.count >= (words.count + 7) / 8 * 8, "too few coins")
      let writesMasks = rule == .exact || verdict.hasMask
      var anyMask: UInt64 = 0
      unsafe coins.withUnsafeBufferPointer { coins in
        unsafe verdict.withUnsafeWords { signs, masks in
          guard let signStart = signs.baseAddress, let maskStart = masks.baseAddress
          else { return }
          unsafe body(
            Target(
              coins: tosses ? coins.baseAddress : nil, signs: signStart + first,
              masks: writesMasks ? maskStart + first : nil, count: words.count))
          guard writesMasks else { return }
          for word in words { unsafe anyMask |= masks[word] }
        }
      }
      if anyMask != 0 { verdict.hasMask = true }
    }
  }

  /// The words of blocks of a verdict, and the coins that they need.
  @unsafe
  struct Target {
    let coins: UnsafePointer<UInt64>?
    let signs: UnsafeMutablePointer<UInt64>
    /// The words of the mask, unless they are 0 and stay so.
    let masks: UnsafeMutablePointer<UInt64>?
    let count: Int

    /// A comparison of counts with N, with the coins of a group.
    @inline(__always)
    func comparison(for decision: Decision, group: Int) -> Comparison {
      let heads = unsafe coins?.lanes(at: 8 &* group) ?? Lanes(repeating: 0)
      return Comparison(
        limit: decision.masked ? decision.ranks : decision.ranks / 2, heads: heads)
    }

    /// Writes a group of eight words, or those that there are.
    @inline(__always)
    func store(_ comparison: Comparison, of decision: Decision, group: Int) {
      unsafe store(comparison.isGreater, to: signs, group: group)
      guard let masks = unsafe masks else { return }
      let isZero = decision.rule == .exact && decision.canTie
      unsafe store(
        isZero ? comparison.isEqual : Lanes(repeating: 0), to: masks, group: group)
    }

    @inline(__always)
    private func store(_ lanes: Lanes, to words: UnsafeMutablePointer<UInt64>, group: Int) {
      if unsafe 8 &* group &+ 8 <= count {
        unsafe UnsafeMutableRawPointer(words).storeBytes(
          of: lanes, toByteOffset: 64 &* group, as: Lanes.self)
      } else {
        for lane in unsafe 0..<count - 8 * group { unsafe words[8 * group + lane] = lanes[lane] }
      }
    }
  }
}
