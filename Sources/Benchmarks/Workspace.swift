internal import AlignedBuffers
internal import CounterRandom
internal import SignBits
internal import SignDescent

/// The arrays that the kernels work on, allocated and touched once for a size.
struct Workspace: ~Copyable {
  /// The ranks whose votes the tallies have room for.
  static let ranks = 4
  /// Four arrays of Float32, 24 planes, and trits.
  static let bytesPerParameter = 20

  static let theta = 0.9
  /// The weight of the past in what Lion keeps.
  static let keptTheta = 0.99
  static let learningRate = 1e-3
  static let weightDecay = 0.1
  static let scale: Float = 3
  /// The radius of stochastic signs; some values lie beyond it.
  static let radius: Float = 0.75
  static let seed: UInt64 = 1

  let count: Int
  let coins = TieCoins(seed: seed, step: 0)
  /// Where the triad writes.
  var sum: AlignedBuffer<Float>
  var gradient: AlignedBuffer<Float>
  var momentum: AlignedBuffer<Float>
  var parameters: AlignedBuffer<Float>
  var ballot: SignPlanes
  var verdict: SignPlanes
  /// The sign planes of many ballots, one after the other.
  var ballots: AlignedBuffer<UInt64>
  var ownTally: AlignedBuffer<UInt64>
  var tally: AlignedBuffer<UInt64>
  /// The coins of whole blocks.
  var heads: AlignedBuffer<UInt64>
  var trits: AlignedBuffer<UInt64>

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
    heads = AlignedBuffer(
      repeating: 0, count: Tally.blockCount(coordinates: count) * Tally.blockPlaneWords)
    let planeWords = SignPlanes.wordCount(of: count)
    trits = AlignedBuffer(repeating: 0, count: SignPlanes.tritWordCount(ofWords: planeWords))
    let mostBallots = Kernel.ballots.reduce(0, max)
    ballots = AlignedBuffer(repeating: 0, count: planeWords * mostBallots)
    coins.write(from: 0, into: heads.mutableSpan)
    let stream = RandomStream(seed: Self.seed, purpose: .gradientNoise)
    for index in 0..<ballots.count {
      // Bits behind the last coordinate are 0.
      let filled = min(64, count - index % planeWords * 64)
      ballots[index] = stream.word(at: index) & (.max >> UInt64(64 - filled))
    }
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
    case .momentum(let rule): Self.momentum(rule, &momentum, gradient, &ballot)
    case .lion: Self.lion(&momentum, gradient, &ballot)
    case .storm: Self.storm(&momentum, gradient, parameters, &ballot)
    case .lookAhead: Self.lookAhead(parameters, &sum)
    case .stochastic: Self.stochastic(gradient, &ballot)
    case .pack: Self.pack(gradient, &ballot)
    case .tally(let number): Self.tally(number, ballots, heads, &verdict)
    case .coins: coins.write(from: 0, into: heads.mutableSpan)
    case .tallyWrite: Self.write(ballot, &ownTally)
    case .tallyAdd: Self.add(ownTally, &tally)
    case .verdict(let rule): Self.decide(rule, heads, tally, ownTally, &verdict)
    case .writeTrits: Self.writeTrits(verdict, &trits)
    case .readTrits: Self.readTrits(trits, &verdict)
    case .update(let decay): Self.update(decay: decay, verdict, &parameters)
    }
  }
}
