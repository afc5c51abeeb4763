internal import AlignedBuffers
internal import SignBits
internal import SignDescent

/// The calls; each lends its buffers for its own duration.
extension Workspace {
  typealias Numbers = AlignedBuffer<Float>
  typealias Words = AlignedBuffer<UInt64>

  @inline(never)
  static func triad(_ sum: inout Numbers, _ b: borrowing Numbers, _ c: borrowing Numbers) {
    var target = sum.mutableSpan
    target.withUnsafeMutableBufferPointer { a in
      b.span.withUnsafeBufferPointer { b in
        c.span.withUnsafeBufferPointer { c in
          for index in a.indices { a[index] = b[index] + scale * c[index] }
        }
      }
    }
  }

  static func momentum(
    _ rule: SignRule, _ momentum: inout Numbers, _ gradient: borrowing Numbers,
    _ ballot: inout SignPlanes
  ) {
    _ = MomentumPass(momentum: theta, rule: rule).run(
      momentum: momentum.mutableSpan, gradient: gradient.span, into: &ballot)
  }

  static func lion(
    _ momentum: inout Numbers, _ gradient: borrowing Numbers, _ ballot: inout SignPlanes
  ) {
    _ = LionPass(momentum: keptTheta, interpolation: theta, rule: .fair).run(
      momentum: momentum.mutableSpan, gradient: gradient.span, into: &ballot)
  }

  static func storm(
    _ estimate: inout Numbers, _ gradient: borrowing Numbers, _ previous: borrowing Numbers,
    _ ballot: inout SignPlanes
  ) {
    _ = StormPass(momentum: theta, rule: .fair).run(
      estimate: estimate.mutableSpan, gradient: gradient.span, previous: previous.span,
      into: &ballot)
  }

  static func lookAhead(_ parameters: borrowing Numbers, _ point: inout Numbers) {
    LookAhead(momentum: theta).extrapolate(parameters.span, point: point.mutableSpan)
  }

  static func stochastic(_ values: borrowing Numbers, _ ballot: inout SignPlanes) {
    StochasticSign(seed: seed, rule: .fair).pack(
      values.span, radius: radius, coordinates: 0..<ballot.count, owner: 0, step: 0, into: &ballot)
  }

  static func pack(_ values: borrowing Numbers, _ ballot: inout SignPlanes) {
    ballot.pack(values.span, rule: .fair)
  }

  /// As the routes do, with coins that are held.
  static func tally(
    _ number: Int, _ ballots: borrowing Words, _ heads: borrowing Words,
    _ verdict: inout SignPlanes
  ) {
    verdict.clearMask()
    let words = verdict.wordCount
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * number) { starts -> Void in
      starts.initialize(repeating: -1)
      for rank in 0..<number { starts[rank] = rank * words }
      let starts = Span(_unsafeElements: UnsafeBufferPointer(starts))
      Tally.decide(
        blocks: 0..<Tally.blockCount(coordinates: verdict.count),
        ballotsWithSigns: starts.extracting(first: number), masks: starts.extracting(last: number),
        in: ballots.span, rule: .fair, coins: heads.span, into: &verdict)
    }
  }

  static func write(_ ballot: borrowing SignPlanes, _ tally: inout Words) {
    let planes = Tally.planeCount(ranks: ranks, masked: false)
    var words = tally.mutableSpan
    Tally.write(
      ballot, blocks: 0..<Tally.blockCount(coordinates: ballot.count), planes: planes,
      masked: false, into: &words)
  }

  static func add(_ incoming: borrowing Words, _ tally: inout Words) {
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

  static func decide(
    _ rule: SignRule, _ heads: borrowing Words, _ tally: borrowing Words, _ own: borrowing Words,
    _ verdict: inout SignPlanes
  ) {
    verdict.clearMask()
    Tally.decide(
      blocks: 0..<Tally.blockCount(coordinates: verdict.count), ofSum: tally.span, own: own.span,
      planes: Tally.planeCount(ranks: ranks, masked: false), ranks: ranks, masked: false,
      rule: rule, coins: heads.span, into: &verdict)
  }

  static func writeTrits(_ planes: borrowing SignPlanes, _ trits: inout Words) {
    var words = trits.mutableSpan
    planes.writeTrits(of: 0..<planes.wordCount, into: &words)
  }

  static func readTrits(_ trits: borrowing Words, _ planes: inout SignPlanes) {
    planes.readTrits(of: 0..<planes.wordCount, from: trits.span)
  }

  static func update(
    decay: Bool, _ verdict: borrowing SignPlanes, _ parameters: inout Numbers
  ) {
    SignUpdate(learningRate: learningRate, weightDecay: decay ? weightDecay : 0).apply(
      verdict, to: parameters.mutableSpan, coordinates: 0..<verdict.count)
  }
}
