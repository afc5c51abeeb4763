import AlignedBuffers
import CounterRandom
import SignBits
import TestSupport
import Testing

@Suite struct TallyTests {
  private static let seed: UInt64 = 0x1_0000_0005

  /// Ballots as lists, and what the rules make of them.
  private struct Vote {
    var signs: [[Int]]

    init(ranks: Int, count: Int, abstains: Int, seed: Int) {
      var dice = Dice(seed: seed)
      signs = (0..<ranks).map { _ in (0..<count).map { _ in dice.sign(abstains: abstains) } }
    }

    func verdict(_ rule: SignRule, step: Int) -> [Int] {
      (0..<(signs.first?.count ?? 0)).map { index in
        NaiveVote.verdict(
          signs.map { $0[index] }, rule: rule, coordinate: index, seed: TallyTests.seed,
          step: step)
      }
    }
  }

  private func tallies(_ vote: Vote, planes planeCount: Int, masked: Bool) -> [[UInt64]] {
    let blocks = Tally.blockCount(coordinates: vote.signs[0].count)
    return vote.signs.map { signs in
      var tally = [UInt64](repeating: 0xDEAD, count: blocks * 64 * planeCount)
      var span = tally.mutableSpan
      Tally.write(
        planes(signs), blocks: 0..<blocks, planes: planeCount, masked: masked, into: &span)
      return tally
    }
  }

  /// The sum of tallies, added in a random order and grouping, as a reduction may.
  private func sum(_ tallies: [[UInt64]], planes: Int, seed: Int) -> [UInt64] {
    var tallies = tallies
    var dice = Dice(seed: seed)
    let blocks = tallies[0].count / (64 * planes)
    while tallies.count > 1 {
      let incoming = tallies.remove(at: dice.roll(tallies.count))
      let target = dice.roll(tallies.count)
      guard blocks > 0 else { continue }
      incoming.withUnsafeBytes { source in
        tallies[target].withUnsafeMutableBytes { sum in
          guard let source = source.baseAddress, let sum = sum.baseAddress else { return }
          Tally.addBlocks(source, sum, blocks, 512 * planes)
        }
      }
    }
    return tallies[0]
  }

  /// The verdict by the sum of tallies.
  private func byTallies(_ vote: Vote, masked: Bool, rule: SignRule, step: Int, seed: Int)
    -> (signs: [Int], isSound: Bool)
  {
    let ranks = vote.signs.count
    let count = vote.signs[0].count
    let planes = Tally.planeCount(ranks: ranks, masked: masked)
    let sum = sum(tallies(vote, planes: planes, masked: masked), planes: planes, seed: seed)
    var verdict = SignPlanes(count: count)
    verdict.abstain(in: 0..<count)
    Tally.verdict(
      of: sum.span, ranks: ranks, masked: masked, rule: rule,
      coins: TieCoins(seed: Self.seed, step: step), into: &verdict)
    return (list(verdict), isSound(verdict))
  }

  /// The coins of whole blocks.
  private func coins(_ count: Int, step: Int) -> [UInt64] {
    var coins = [UInt64](repeating: 0, count: Tally.blockCount(coordinates: count) * 64)
    TieCoins(seed: Self.seed, step: step).write(from: 0, into: coins.mutableSpan)
    return coins
  }

  /// The verdict by ballots laid one after the other with a header and a gap.
  private func byBallots(_ vote: Vote, masked: Bool, rule: SignRule, step: Int)
    -> (signs: [Int], isSound: Bool)
  {
    let count = vote.signs[0].count
    let words = SignPlanes.wordCount(of: count)
    let stride = 2 * words + 3
    var ballots = [UInt64](repeating: .max, count: 2 + vote.signs.count * stride)
    for (rank, signs) in vote.signs.enumerated() {
      let ballot = planes(signs)
      for word in 0..<words {
        ballots[2 + rank * stride + word] = ballot.signs[word]
        if masked { ballots[2 + rank * stride + words + word] = ballot.masks[word] }
      }
    }
    var verdict = SignPlanes(count: count)
    verdict.abstain(in: 0..<count)
    verdict.clearMask()
    let signs = vote.signs.indices.map { 2 + $0 * stride }
    let masks = signs.map { masked ? $0 + words : -1 }
    let coins = coins(count, step: step)
    Tally.decide(
      blocks: 0..<Tally.blockCount(coordinates: count), ballotsWithSigns: signs.span,
      masks: masks.span, in: ballots.span, rule: rule, coins: coins.span, into: &verdict)
    return (list(verdict), isSound(verdict))
  }

  @Test(arguments: 1...9, edgeCounts)
  func verdict_equalsNaiveVoteByBothPaths(ranks: Int, count: Int) {
    for abstains in 0...2 {
      let seed = ranks * 1000 + count
      let vote = Vote(ranks: ranks, count: count, abstains: abstains, seed: seed)
      for rule in SignRule.allCases {
        let step = seed + abstains
        let expected = vote.verdict(rule, step: step)
        for masked in [true, false] where masked || abstains == 0 {
          let tallied = byTallies(vote, masked: masked, rule: rule, step: step, seed: seed)
          let counted = byBallots(vote, masked: masked, rule: rule, step: step)
          #expect(tallied.signs == expected, "tally \(rule) abstains \(abstains) masked \(masked)")
          #expect(
            counted.signs == expected, "ballots \(rule) abstains \(abstains) masked \(masked)")
          #expect(tallied.isSound && counted.isSound)
        }
      }
    }
  }

  /// The verdict of each rank by the sum of tallies that may lack the highest plane.
  private func bySharedSum(_ vote: Vote, masked: Bool, rule: SignRule, step: Int)
    -> [(signs: [Int], isSound: Bool)]
  {
    let ranks = vote.signs.count
    let count = vote.signs[0].count
    let planes = Tally.sharedPlaneCount(ranks: ranks, masked: masked)
    let tallies = tallies(vote, planes: planes, masked: masked)
    let sum = sum(tallies, planes: planes, seed: step)
    let coins = coins(count, step: step)
    return tallies.map { own in
      var verdict = SignPlanes(count: count)
      verdict.abstain(in: 0..<count)
      verdict.clearMask()
      Tally.decide(
        blocks: 0..<Tally.blockCount(coordinates: count), ofSum: sum.span, own: own.span,
        planes: planes, ranks: ranks, masked: masked, rule: rule, coins: coins.span,
        into: &verdict)
      return (list(verdict), isSound(verdict))
    }
  }

  @Test(arguments: 2...9, edgeCounts + [4097])
  func verdict_ofSharedSumEqualsNaiveVoteOnAllRanks(ranks: Int, count: Int) {
    for abstains in 0...2 {
      let vote = Vote(ranks: ranks, count: count, abstains: abstains, seed: ranks * 1000 + count)
      for rule in SignRule.allCases {
        let expected = vote.verdict(rule, step: count)
        for masked in [true, false] where masked || abstains == 0 {
          for verdict in bySharedSum(vote, masked: masked, rule: rule, step: count) {
            #expect(verdict.signs == expected, "\(rule) abstains \(abstains) masked \(masked)")
            #expect(verdict.isSound)
          }
        }
      }
    }
  }

  /// Whole groups of words, and a rest behind them, for each of the loops.
  @Test(arguments: [(2, 4097), (3, 4700), (4, 8192), (5, 4097), (8, 5000), (17, 4700)])
  func verdict_acrossBlocks(ranks: Int, count: Int) {
    for masked in [false, true] {
      let vote = Vote(ranks: ranks, count: count, abstains: masked ? 1 : 0, seed: count)
      for rule in SignRule.allCases {
        let expected = vote.verdict(rule, step: 40)
        let tallied = byTallies(vote, masked: masked, rule: rule, step: 40, seed: 2)
        #expect(tallied.signs == expected, "masked \(masked)")
        let counted = byBallots(vote, masked: masked, rule: rule, step: 40)
        #expect(counted.signs == expected, "masked \(masked)")
        #expect(tallied.isSound && counted.isSound)
      }
    }
  }

  /// The verdict by adding each ballot to one of three tallies, which are then joined.
  private func byAdding(_ vote: Vote, rule: SignRule, step: Int) -> (signs: [Int], isSound: Bool) {
    let ranks = vote.signs.count
    let count = vote.signs[0].count
    let words = Tally.wordCount(coordinates: count, ranks: ranks, masked: true)
    var tallies = (0..<3).map { _ in [UInt64](repeating: 0, count: words) }
    for (voter, signs) in vote.signs.enumerated() {
      Tally.add(planes(signs), ranks: ranks, to: tallies[voter * voter % 3].mutableSpan)
    }
    var joined = [UInt64](repeating: .max, count: 1)
    for tally in tallies {
      var copy = [UInt64](repeating: .max, count: words)
      var span = copy.mutableSpan
      Tally.copy(tally.span, ranks: ranks, masked: true, into: &span)
      joined += copy + [.max, .max]
    }
    var verdict = SignPlanes(count: count)
    verdict.abstain(in: 0..<count)
    verdict.clearMask()
    let coins = coins(count, step: step)
    let blockWords = 64 * Tally.planeCount(ranks: ranks, masked: true)
    for block in 0..<Tally.blockCount(coordinates: count) {
      let parts = (0..<3).map { tally in
        Tally.Part.tally(
          at: 1 + tally * (words + 2) + block * blockWords, ranks: ranks, masked: true)
      }
      Tally.decide(
        block: block, parts: parts.span, in: joined.span, ranks: ranks, rule: rule,
        coins: coins.span.extracting(64 * block..<64 * (block + 1)), into: &verdict)
    }
    return (list(verdict), isSound(verdict))
  }

  @Test(arguments: [1, 2, 3, 4, 7, 8, 27], edgeCounts + [4097])
  func add_equalsNaiveVote(ranks: Int, count: Int) {
    for abstains in 0...2 {
      let vote = Vote(ranks: ranks, count: count, abstains: abstains, seed: ranks * 1000 + count)
      for rule in SignRule.allCases {
        let added = byAdding(vote, rule: rule, step: count)
        #expect(added.signs == vote.verdict(rule, step: count), "\(rule) abstains \(abstains)")
        #expect(added.isSound)
      }
    }
  }

  @Test func copy_withoutMasksLeavesTheLowestPlaneOut() {
    let vote = Vote(ranks: 5, count: 5000, abstains: 0, seed: 3)
    let full = Tally.wordCount(coordinates: 5000, ranks: 5, masked: true)
    var sum = [UInt64](repeating: 0, count: full)
    for signs in vote.signs { Tally.add(planes(signs), ranks: 5, to: sum.mutableSpan) }
    var copy = [UInt64](
      repeating: .max, count: Tally.wordCount(coordinates: 5000, ranks: 5, masked: false))
    var span = copy.mutableSpan
    Tally.copy(sum.span, ranks: 5, masked: false, into: &span)
    var verdict = SignPlanes(count: 5000)
    Tally.verdict(
      of: copy.span, ranks: 5, masked: false, rule: .exact, coins: TieCoins(seed: 1, step: 0),
      into: &verdict)
    #expect(list(verdict) == vote.verdict(.exact, step: 0))
  }

  @Test func verdict_ofAMillionCoordinates() {
    let count = 1_000_003
    let words = SignPlanes.wordCount(of: count)
    // Three ballots whose words are multiples of odd numbers; a majority is ab | bc | ca.
    let ballots = (0..<3 * words).map { index in
      let word = UInt64(index % words + 1) &* 0x9E37_79B9_7F4A_7C15 &* UInt64(index / words * 2 + 1)
      return index % words == words - 1 ? word & (1 << UInt64(count % 64) - 1) : word
    }
    var verdict = SignPlanes(count: count)
    let (signs, masks, coins) = ([0, words, 2 * words], [-1, -1, -1], [UInt64]())
    Tally.decide(
      blocks: 0..<Tally.blockCount(coordinates: count), ballotsWithSigns: signs.span,
      masks: masks.span, in: ballots.span, rule: .exact, coins: coins.span, into: &verdict)
    #expect(
      (0..<words).allSatisfy { word in
        let (a, b, c) = (ballots[word], ballots[words + word], ballots[2 * words + word])
        return verdict.signs[word] == a & b | b & c | c & a
      })
    #expect(isSound(verdict) == true)
  }

  @Test func planeCount_holdsTheLargestCount() {
    for ranks in 1...300 {
      let masked = Tally.planeCount(ranks: ranks, masked: true)
      #expect(2 * ranks < 1 << masked && 2 * ranks >= 1 << (masked - 1))
      #expect(Tally.planeCount(ranks: ranks, masked: false) == masked - 1)
      // Without the highest plane the counts 0 and 2N alone may look alike.
      if ranks > 1 { #expect(2 * ranks <= 1 << Tally.sharedPlaneCount(ranks: ranks, masked: true)) }
    }
  }

  @Test func tallyOfAnotherSize_traps() async {
    await #expect(processExitsWith: .failure) {
      var verdict = SignPlanes(count: 100)
      let tally = [UInt64](repeating: 0, count: 64)
      Tally.verdict(
        of: tally.span, ranks: 4, masked: true, rule: .exact,
        coins: TieCoins(seed: 1, step: 0), into: &verdict)
    }
  }
}

@Suite struct TieCoinsTests {
  /// The verdicts of a vote in which all abstain, which are the coins.
  private func coins(seed: UInt64, step: Int, count: Int) -> [Int] {
    let words = Tally.wordCount(coordinates: count, ranks: 1, masked: true)
    var tally = [UInt64](repeating: 0, count: words)
    var ballot = SignPlanes(count: count)
    ballot.abstain(in: 0..<count)
    var span = tally.mutableSpan
    Tally.write(
      ballot, blocks: 0..<Tally.blockCount(coordinates: count), planes: 2, masked: true,
      into: &span)
    var verdict = SignPlanes(count: count)
    Tally.verdict(
      of: tally.span, ranks: 1, masked: true, rule: .fair,
      coins: TieCoins(seed: seed, step: step), into: &verdict)
    return list(verdict)
  }

  @Test func coins_areHeldSixteenSteps() {
    for step in [0, 16, 160] {
      let first = coins(seed: 3, step: step, count: 200)
      for later in 1..<16 { #expect(coins(seed: 3, step: step + later, count: 200) == first) }
      #expect(coins(seed: 3, step: step + 16, count: 200) != first)
    }
    #expect(coins(seed: 4, step: 0, count: 200) != coins(seed: 3, step: 0, count: 200))
  }

  @Test(arguments: [0, 16, 64, 1 << 33, 1 << 40], [0, 17, 1 << 43])
  func write_equalsTheWordsOfTheStream(firstWord: Int, step: Int) {
    let seed: UInt64 = 0xFEDC_BA98_7654_3210
    let coins = TieCoins(seed: seed, step: step)
    let stream = RandomStream(seed: seed, purpose: .tieBreak, step: step / 16)
    var words = [UInt64](repeating: 0, count: 48)
    coins.write(from: firstWord, into: words.mutableSpan)
    #expect(words == (0..<48).map { stream.word(at: firstWord + $0) })
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func coins_areFair(seed: UInt64) {
    let count = 20_000
    let draws = coins(seed: seed, step: 0, count: count)
    #expect(draws.allSatisfy { abs($0) == 1 })
    // Four standard deviations of a sum of signs, of neighbours' products, of draws in turn.
    let limit = 4 * Double(count).squareRoot()
    #expect(abs(Double(draws.reduce(0, +))) < limit)
    #expect(abs(Double(zip(draws, draws.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 })) < limit)
    let next = coins(seed: seed, step: 16, count: count)
    #expect(abs(Double(zip(draws, next).reduce(0) { $0 + $1.0 * $1.1 })) < limit)
  }
}
