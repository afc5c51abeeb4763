internal import AlignedBuffers
internal import SignBits

/// Plain loops beside the kernels that work on bits alone.
extension Workspace {
  /// Calls a kernel that works on bits and compares its answer.
  ///
  /// - Returns: The first coordinate with a wrong answer.
  mutating func firstWrongBit(_ kernel: Kernel) -> Int? {
    switch kernel {
    case .tally(let number): firstWrongTally(of: number)
    case .coins: firstWrongCoin()
    case .tallyWrite: firstWrongTallyWrite()
    case .tallyAdd: firstWrongTallyAdd()
    case .verdict(let rule): firstWrongVerdict(rule)
    case .writeTrits: firstWrongWrittenTrit()
    case .readTrits: firstWrongReadTrit()
    default: preconditionFailure("\(kernel.name) works on numbers")
    }
  }

  private mutating func firstWrongTally(of number: Int) -> Int? {
    run(.tally(ballots: number))
    return (0..<count).first { index in
      let negative = (0..<number).reduce(0) { sum, rank in
        let word = ballots[rank * verdict.wordCount + index / 64]
        return sum + Int(word >> UInt64(index % 64) & 1)
      }
      let lead = number - 2 * negative
      return verdict[index] != (lead == 0 ? coin(index) : lead.signum())
    }
  }

  private mutating func firstWrongCoin() -> Int? {
    run(.coins)
    return (0..<count).first {
      (heads[$0 / 64] >> UInt64($0 % 64) & 1 == 1) != (coin($0) < 0)
    }
  }

  private func coin(_ coordinate: Int) -> Int {
    coins.word(at: coordinate / 64) >> UInt64(coordinate % 64) & 1 == 1 ? -1 : 1
  }

  private mutating func firstWrongTallyWrite() -> Int? {
    run(.tallyWrite)
    return (0..<count).first { Self.tallied($0, ownTally) != (ballot[$0] < 0 ? 1 : 0) }
  }

  /// Sets the tally to the counts 3, 2, 1, 0, 3, …, so that one ballot more gives all outcomes.
  private mutating func resetTally() {
    let planes = Tally.planeCount(ranks: Self.ranks, masked: false)
    for word in 0..<tally.count {
      let plane = word / Tally.blockPlaneWords % planes
      tally[word] = plane == 0 ? 0x5555_5555_5555_5555 : plane == 1 ? 0x3333_3333_3333_3333 : 0
    }
  }

  private mutating func firstWrongTallyAdd() -> Int? {
    resetTally()
    let before = (0..<4).map { Self.tallied($0, tally) }
    run(.tallyAdd)
    return (0..<count).first {
      Self.tallied($0, tally) != before[$0 % 4] + Self.tallied($0, ownTally)
    }
  }

  private mutating func firstWrongVerdict(_ rule: SignRule) -> Int? {
    resetTally()
    run(.tallyAdd)
    run(.verdict(rule))
    return (0..<count).first { index in
      let lead = Self.ranks - 2 * Self.tallied(index, tally)
      let tie = rule == .fair ? coin(index) : rule == .exact ? 0 : 1
      return verdict[index] != (lead == 0 ? tie : lead.signum())
    }
  }

  /// Sets the verdict to an exact one, which has abstentions.
  private mutating func firstWrongWrittenTrit() -> Int? {
    if let wrong = firstWrongVerdict(.exact) { return wrong }
    run(.writeTrits)
    return (0..<count).first { 1 - Self.trit($0, trits) != verdict[$0] }
  }

  private mutating func firstWrongReadTrit() -> Int? {
    if let wrong = firstWrongWrittenTrit() { return wrong }
    for index in 0..<count { verdict[index] = 1 }
    run(.readTrits)
    return (0..<count).first { 1 - Self.trit($0, trits) != verdict[$0] }
  }

  /// The trit of a coordinate, by its place in base three.
  private static func trit(_ coordinate: Int, _ trits: borrowing AlignedBuffer<UInt64>) -> Int {
    let bit = coordinate % 64
    let byte = trits[coordinate / 320 * 8 + bit / 8] >> UInt64(bit % 8 * 8) & 0xFF
    return (0..<coordinate / 64 % 5).reduce(Int(byte)) { rest, _ in rest / 3 } % 3
  }

  /// The negative signs counted for a coordinate.
  private static func tallied(_ coordinate: Int, _ tally: borrowing AlignedBuffer<UInt64>) -> Int {
    let planes = Tally.planeCount(ranks: ranks, masked: false)
    let first = coordinate / 4096 * planes * 64 + coordinate / 64 % 64
    return (0..<planes).reduce(0) { count, plane in
      count + Int(tally[first + plane * 64] >> UInt64(coordinate % 64) & 1) << plane
    }
  }
}
