internal import AlignedBuffers
internal import SignBits
internal import SignDescent

/// Plain loops, one coordinate at a time, that share no code with the kernels.
extension Workspace {
  /// Calls a kernel and compares its answer with a plain loop's.
  ///
  /// Leaves inputs behind that the next kernels can work on.
  mutating func check(_ kernel: Kernel) throws(KernelBenchmarkError) {
    try compare(.triad)
    try compare(kernel)
  }

  private mutating func compare(_ kernel: Kernel) throws(KernelBenchmarkError) {
    let wrong: Int?
    switch kernel {
    case .triad: wrong = firstWrongTriad()
    case .fusedPass(let rule): wrong = firstWrongFusedPass(rule)
    case .pack: wrong = firstWrongPack()
    case .update(let decay): wrong = firstWrongUpdate(decay: decay)
    case .tallyWrite: wrong = firstWrongTallyWrite()
    case .tallyAdd: wrong = firstWrongTallyAdd()
    case .verdict(let rule): wrong = firstWrongVerdict(rule)
    }
    if let wrong {
      throw .wrongAnswer(kernel: kernel.name, parameters: count, coordinate: wrong)
    }
  }

  private mutating func firstWrongTriad() -> Int? {
    run(.triad)
    return (0..<count).first { sum[$0] != gradient[$0] + Self.scale * parameters[$0] }
  }

  private mutating func firstWrongFusedPass(_ rule: SignRule) -> Int? {
    Self.copy(momentum, to: &sum)
    run(.fusedPass(rule))
    let past = Float(Self.theta)
    let present = Float(1 - Self.theta)
    return (0..<count).first { index in
      let old = past * sum[index]
      let new = old + present * gradient[index]
      let expected = new.isNormal ? new : 0
      return momentum[index].bitPattern != expected.bitPattern
        || ballot[index] != Self.sign(expected, rule)
    }
  }

  private mutating func firstWrongPack() -> Int? {
    run(.pack)
    return (0..<count).first { ballot[$0] != Self.sign(gradient[$0], .fair) }
  }

  private mutating func firstWrongUpdate(decay: Bool) -> Int? {
    Self.copy(parameters, to: &sum)
    run(.update(decay: decay))
    let shrink = decay ? Float(1 - Self.learningRate * Self.weightDecay) : 1
    let rate = Float(Self.learningRate)
    return (0..<count).first { index in
      let shrunk = shrink * sum[index]
      return parameters[index] != shrunk - rate * Float(verdict[index])
    }
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
      let coin = coins.word(at: index / 64) >> UInt64(index % 64) & 1 == 1 ? -1 : 1
      let tie = rule == .fair ? coin : rule == .exact ? 0 : 1
      return verdict[index] != (lead == 0 ? tie : lead.signum())
    }
  }

  private static func copy(
    _ source: borrowing AlignedBuffer<Float>, to target: inout AlignedBuffer<Float>
  ) {
    for index in 0..<source.count { target[index] = source[index] }
  }

  private static func sign(_ value: Float, _ rule: SignRule) -> Int {
    if value == 0 { return rule == .positive ? 1 : 0 }
    return value < 0 ? -1 : 1
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
