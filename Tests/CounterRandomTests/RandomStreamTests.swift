import CounterRandom
import Testing

@Suite struct RandomStreamTests {
  private let stream = RandomStream(seed: 7, purpose: .gradientNoise, owner: 3, step: 11)

  @Test func blocks_areThoseOfTheDocumentedCounter() {
    let seed: UInt64 = 0x0123_4567_89AB_CDEF
    let step = 5 << 32 | 0xFEDC
    let stream = RandomStream(seed: seed, purpose: .epochPermutation, owner: 9, step: step)
    let index = 6 << 32 | 0xBA98
    let expected = Philox4x32.block(
      counter: SIMD4(0xBA98, 0xFEDC, 9, 2 << 24 | 6 << 12 | 5),
      key: SIMD2(0x89AB_CDEF, 0x0123_4567))
    #expect(stream.block(at: index) == expected)
    let low = UInt64(expected[0]) + UInt64(expected[1]) * (1 << 32)
    let high = UInt64(expected[2]) + UInt64(expected[3]) * (1 << 32)
    #expect(stream.word(at: 2 * index) == low && stream.word(at: 2 * index + 1) == high)
  }

  @Test func streams_differBySeedPurposeOwnerAndStep() {
    let others = [
      RandomStream(seed: 8, purpose: .gradientNoise, owner: 3, step: 11),
      RandomStream(seed: 7 + 1 << 32, purpose: .gradientNoise, owner: 3, step: 11),
      RandomStream(seed: 7, purpose: .tieBreak, owner: 3, step: 11),
      RandomStream(seed: 7, purpose: .gradientNoise, owner: 4, step: 11),
      RandomStream(seed: 7, purpose: .gradientNoise, owner: 3, step: 12),
      RandomStream(seed: 7, purpose: .gradientNoise, owner: 3, step: 11 + 1 << 32),
    ]
    let words = ([stream] + others).map { $0.word(at: 5) }
    #expect(Set(words).count == words.count)
  }

  @Test func uniform_hasMeanAndVarianceOfTheInterval() {
    let count = 20_000
    let values = (0..<count).map { stream.uniform(at: $0) }
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
    let mean = values.reduce(0, +) / Double(count)
    let variance = values.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / Double(count)
    // Four standard errors: sqrt(1/12n) and sqrt(1/180n).
    #expect(abs(mean - 0.5) < 4 * (1 / 12.0 / Double(count)).squareRoot())
    #expect(abs(variance - 1 / 12.0) < 4 * (1 / 180.0 / Double(count)).squareRoot())
  }

  @Test func normal_hasMeanZeroAndVarianceOne() {
    let count = 20_000
    let values = (0..<count).map { stream.normal(at: $0) }
    let mean = values.reduce(0, +) / Double(count)
    let variance = values.reduce(0) { $0 + $1 * $1 } / Double(count)
    let beyondTwo = values.filter { abs($0) > 2 }.count
    #expect(abs(mean) < 4 / Double(count).squareRoot())
    #expect(abs(variance - 1) < 4 * (2 / Double(count)).squareRoot())
    // P(|x| > 2) is 0.0455.
    #expect(abs(Double(beyondTwo) - 910) < 4 * 910.0.squareRoot())
  }

  @Test(arguments: [1, 2, 3, 10, 1000])
  func below_isEvenlySpread(bound: Int) {
    var counts = [Int](repeating: 0, count: bound)
    for index in 0..<10_000 { counts[stream.below(bound, at: index)] += 1 }
    let expected = 10_000 / Double(bound)
    let chiSquare = counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) }
    // Mean bound - 1, standard deviation sqrt(2 (bound - 1)); five of them.
    let freedom = Double(bound - 1)
    #expect(abs(chiSquare / expected - freedom) <= 5 * (2 * freedom).squareRoot())
  }

  @Test func stepOutside_traps() async {
    await #expect(processExitsWith: .failure) {
      _ = RandomStream(seed: 1, purpose: .tieBreak, step: -1)
    }
    await #expect(processExitsWith: .failure) {
      _ = RandomStream(seed: 1, purpose: .tieBreak, step: 1 << 44)
    }
  }
}

@Suite struct PermutationTests {
  @Test(arguments: [0, 1, 2, 3, 64, 1009], [1, 2] as [UInt64])
  func permutation_isFisherAndYatesAsDocumented(count: Int, seed: UInt64) {
    let stream = RandomStream(seed: seed, purpose: .epochPermutation, step: 4)
    var expected = (0..<count).map { Int32($0) }
    var last = count - 1
    while last >= 1 {
      let product = stream.word(at: last).multipliedFullWidth(by: UInt64(last + 1))
      let other = Int(product.high)
      (expected[last], expected[other]) = (expected[other], expected[last])
      last -= 1
    }
    #expect(stream.permutation(count: count) == expected)
    #expect(expected.sorted() == (0..<count).map { Int32($0) })
  }

  @Test func permutation_isUnbiased() {
    var first = [Int](repeating: 0, count: 6)
    for step in 0..<3000 {
      let order = RandomStream(seed: 3, purpose: .epochPermutation, step: step)
        .permutation(count: 3)
      first[Int(order[0]) * 2 + (order[1] < order[2] ? 0 : 1)] += 1
    }
    // 500 of each order expected; four standard deviations of a binomial.
    #expect(first.allSatisfy { abs(Double($0) - 500) < 4 * (3000 * 5 / 36.0).squareRoot() })
  }
}

@Test(arguments: [0, 8, 1 << 20, (1 << 32) - 8, 1 << 40], [0, 77])
func eightBlocks_areTheBlocksOneByOne(first: Int, step: Int) {
  let stream = RandomStream(
    seed: 0x1234_5678_9ABC_DEF0, purpose: .stochasticSign, owner: 3, step: step)
  let words = stream.eightBlocks(at: first)
  for place in 0..<32 {
    #expect(words[place] == stream.block(at: first + place / 4)[place % 4], "place \(place)")
  }
}
