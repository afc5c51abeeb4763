internal import AlignedBuffers
internal import CounterRandom
internal import SignBits
internal import SignDescent

/// The arrays that the kernels work on, allocated and touched once for a size.
struct Workspace: ~Copyable {
  /// The ranks whose votes the tallies have room for.
  static let ranks = 4
  /// Four arrays of Float32, planes and tallies.
  static let bytesPerParameter = 18

  static let theta = 0.9
  static let learningRate = 1e-3
  static let weightDecay = 0.1
  static let scale: Float = 3

  let count: Int
  let coins = TieCoins(seed: 1, step: 0)
  /// Where the triad writes.
  var sum: AlignedBuffer<Float>
  var gradient: AlignedBuffer<Float>
  var momentum: AlignedBuffer<Float>
  var parameters: AlignedBuffer<Float>
  var ballot: SignPlanes
  var verdict: SignPlanes
  var ownTally: AlignedBuffer<UInt64>
  var tally: AlignedBuffer<UInt64>

  /// Random numbers, one in 64 of them zero.
  init(count: Int) {
    self.count = count
    sum = AlignedBuffer(repeating: 0, count: count)
    gradient = AlignedBuffer(repeating: 0, count: count)
    momentum = AlignedBuffer(repeating: 0, count: count)
    parameters = AlignedBuffer(repeating: 0, count: count)
    ballot = SignPlanes(count: count)
    verdict = SignPlanes(count: count)
    let words = Tally.wordCount(coordinates: count, ranks: Self.ranks, masked: false)
    ownTally = AlignedBuffer(repeating: 0, count: words)
    tally = AlignedBuffer(repeating: 0, count: words)
    let stream = RandomStream(seed: 1, purpose: .gradientNoise)
    for index in 0..<count {
      let word = stream.word(at: index)
      let isZero = word & 63 == 0
      gradient[index] = isZero ? 0 : Self.value(word)
      momentum[index] = isZero ? 0 : Self.value(word >> 16)
      parameters[index] = Self.value(word >> 32)
    }
  }

  /// 16 bits as a number between −1 and 1.
  private static func value(_ word: UInt64) -> Float {
    (Float(word & 0xFFFF) - 32_767.5) / 32_768
  }

  /// The time of one call, the mean of several in a row.
  mutating func secondsPerCall(of kernel: Kernel, calls: Int) -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    for _ in 0..<calls { run(kernel) }
    return (clock.now - start) / .seconds(calls)
  }

  /// Calls a kernel.
  mutating func run(_ kernel: Kernel) {
    switch kernel {
    case .triad: Self.triad(&sum, gradient, parameters)
    case .fusedPass(let rule): Self.fusedPass(rule, &momentum, gradient, &ballot)
    case .pack: Self.pack(gradient, &ballot)
    case .update(let decay): Self.update(decay: decay, verdict, &parameters)
    case .tallyWrite: Self.write(ballot, &ownTally)
    case .tallyAdd: Self.add(ownTally, &tally)
    case .verdict(let rule): Self.decide(rule, coins, tally, &verdict)
    }
  }
}

/// The calls; each lends its buffers for its own duration.
extension Workspace {
  private typealias Numbers = AlignedBuffer<Float>
  private typealias Words = AlignedBuffer<UInt64>

  @inline(never)
  private static func triad(_ sum: inout Numbers, _ b: borrowing Numbers, _ c: borrowing Numbers) {
    var target = sum.mutableSpan
    target.withUnsafeMutableBufferPointer { a in
      b.span.withUnsafeBufferPointer { b in
        c.span.withUnsafeBufferPointer { c in
          for index in a.indices { a[index] = b[index] + scale * c[index] }
        }
      }
    }
  }

  private static func fusedPass(
    _ rule: SignRule, _ momentum: inout Numbers, _ gradient: borrowing Numbers,
    _ ballot: inout SignPlanes
  ) {
    _ = MomentumPass(momentum: theta, rule: rule).run(
      momentum: momentum.mutableSpan, gradient: gradient.span, into: &ballot)
  }

  private static func pack(_ values: borrowing Numbers, _ ballot: inout SignPlanes) {
    ballot.pack(values.span, rule: .fair)
  }

  private static func update(
    decay: Bool, _ verdict: borrowing SignPlanes, _ parameters: inout Numbers
  ) {
    SignUpdate(learningRate: learningRate, weightDecay: decay ? weightDecay : 0).apply(
      verdict, to: parameters.mutableSpan, coordinates: 0..<verdict.count)
  }

  private static func write(_ ballot: borrowing SignPlanes, _ tally: inout Words) {
    var words = tally.mutableSpan
    Tally.write(ballot, ranks: ranks, masked: false, into: &words)
  }

  private static func add(_ incoming: borrowing Words, _ tally: inout Words) {
    let planes = Tally.planeCount(ranks: ranks, masked: false)
    var words = tally.mutableSpan
    incoming.span.withUnsafeBytes { incoming in
      words.withUnsafeMutableBytes { accumulated in
        guard let source = incoming.baseAddress, let target = accumulated.baseAddress else {
          return
        }
        let blockBytes = planes * Tally.blockPlaneWords * MemoryLayout<UInt64>.size
        Tally.addBlocks(source, target, accumulated.count / blockBytes, blockBytes)
      }
    }
  }

  private static func decide(
    _ rule: SignRule, _ coins: TieCoins, _ tally: borrowing Words, _ verdict: inout SignPlanes
  ) {
    Tally.verdict(
      of: tally.span, ranks: ranks, masked: false, rule: rule, coins: coins, into: &verdict)
  }
}
