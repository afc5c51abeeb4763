import AlignedBuffers
import SignBits
import SignDescent
import TestSupport
import Testing

/// Error feedback as the definition has it, on plain numbers, each rounding written out.
private enum NaiveFeedback {
  /// ‖values‖₁ / d of values that begin at a coordinate, by blocks of 4,096.
  static func scale(_ values: [Float], from first: Int) -> Float {
    var total = 0.0
    var block = 0.0
    for (place, value) in values.enumerated() {
      if place > 0, (first + place) % 4096 == 0 {
        total += block
        block = 0
      }
      block += Double(abs(value))
    }
    return rounded((total + block) / Double(values.count))
  }

  static func push(_ gradient: Float, _ error: Float, rate: Double) -> Float {
    let slope = rounded(Double(Float(rate)) * Double(gradient))
    return rounded(Double(slope) + Double(error))
  }

  static func signed(_ scale: Float, like value: Float) -> Float { value < 0 ? 0 - scale : scale }

  static func residual(_ value: Float, _ scale: Float) -> Float {
    rounded(Double(value) - Double(signed(scale, like: value)))
  }
}

/// Ranges whose borders lie at, beside and far from those of words and blocks.
private let tensors = [
  0..<1, 0..<5, 3..<4, 0..<64, 1..<64, 60..<130, 64..<192, 4095..<4097, 4096..<8192, 100..<9000,
  8191..<9001, 0..<9001,
]

@Suite struct ErrorFeedbackTests {
  private static let count = 9001

  private func numbers(seed: Int, odd: Bool = true) -> [Float] {
    var dice = Dice(seed: seed)
    return (0..<Self.count).map { _ in
      let value = dice.finite(odd: odd)
      return abs(value) > 1e30 ? value * 1e-30 : value
    }
  }

  @Test(arguments: tensors, [0.1, 1, 3e-4])
  func compress_equalsItsDefinition(tensor: Range<Int>, rate: Double) throws {
    let gradient = numbers(seed: 1)
    let error = numbers(seed: 2)
    // Signs around the tensor stay as they are.
    let before = (0..<Self.count).map { $0 % 3 == 0 ? -1 : 1 }
    var ballot = planes(before)
    var kept = error
    let scale = ErrorFeedback(learningRate: rate).compress(
      gradient.span, error: kept.mutableSpan, coordinates: tensor, into: &ballot)
    let pushed = tensor.map { NaiveFeedback.push(gradient[$0], error[$0], rate: rate) }
    let expectedScale = NaiveFeedback.scale(pushed, from: tensor.lowerBound)
    #expect(scale?.bitPattern == expectedScale.bitPattern)
    var signs = before
    var errors = error
    for (index, value) in zip(tensor, pushed) {
      signs[index] = value < 0 ? -1 : 1
      errors[index] = NaiveFeedback.residual(value, expectedScale)
    }
    #expect(list(ballot) == signs)
    #expect(bits(kept) == bits(errors))
  }

  @Test(arguments: [0, 1, 63, 64, 200, 4200, 4999])
  func compress_aGradientThatIsNotFinite_keepsTheErrors(place: Int) {
    for bad in [Float.nan, .infinity, -.infinity] {
      var gradient = numbers(seed: 3, odd: false)
      gradient[place] = bad
      let error = numbers(seed: 4)
      var kept = error
      var ballot = SignPlanes(count: Self.count)
      let feedback = ErrorFeedback(learningRate: 0.1)
      let scale = feedback.compress(
        gradient.span, error: kept.mutableSpan, coordinates: 0..<5000, into: &ballot)
      #expect(scale == nil)
      #expect(bits(kept) == bits(error))
      #expect(
        feedback.compress(
          gradient.span, error: kept.mutableSpan, coordinates: 5000..<9001, into: &ballot) != nil)
    }
  }

  @Test func compress_anOverflow_keepsTheErrors() {
    var ballot = SignPlanes(count: 2)
    var error: [Float] = [3e38, 1]
    let scale = ErrorFeedback(learningRate: 1).compress(
      ([3e38, 1] as [Float]).span, error: error.mutableSpan, coordinates: 0..<2, into: &ballot)
    #expect(scale == nil && error == [3e38, 1])
    // As large as can be, and yet a scale.
    var errors = [Float](repeating: 0, count: 64)
    var signs = SignPlanes(count: 64)
    let largest = ErrorFeedback(learningRate: 1).compress(
      [Float](repeating: -.greatestFiniteMagnitude, count: 64).span, error: errors.mutableSpan,
      coordinates: 0..<64, into: &signs)
    #expect(largest == .greatestFiniteMagnitude && errors.allSatisfy { $0 == 0 })
    #expect(list(signs) == [Int](repeating: -1, count: 64))
  }

  @Test(arguments: [1, 64, 70])
  func compress_zerosArePositive(count: Int) {
    for zero in [Float(0), -0.0] {
      var error = [Float](repeating: zero, count: count)
      var ballot = planes([Int](repeating: -1, count: count))
      let scale = ErrorFeedback(learningRate: 0.1).compress(
        [Float](repeating: zero, count: count).span, error: error.mutableSpan,
        coordinates: 0..<count, into: &ballot)
      #expect(scale == 0 && error.allSatisfy { $0 == 0 })
      #expect(list(ballot) == [Int](repeating: 1, count: count))
    }
  }

  /// A sum in Float32 would stand still at 2^24.
  @Test func compress_sumsInDouble() {
    let count = 8192
    var error = [Float](repeating: 0, count: count)
    var gradient = [Float](repeating: 1, count: count)
    gradient[0] = 0x1p24
    var ballot = SignPlanes(count: count)
    let scale = ErrorFeedback(learningRate: 1).compress(
      gradient.span, error: error.mutableSpan, coordinates: 0..<count, into: &ballot)
    #expect(scale == Float((0x1p24 + 8191) / 8192) && scale != 0x1p24 / 8192)
  }

  @Test func compress_doesNotContract() {
    let gradient = numbers(seed: 5, odd: false)
    let error = numbers(seed: 6, odd: false)
    let differing = zip(gradient, error).count { slope, kept in
      kept.addingProduct(0.1, slope) != NaiveFeedback.push(slope, kept, rate: 0.1)
    }
    // Otherwise `compress_equalsItsDefinition` says nothing about it.
    #expect(differing > 100)
  }

  /// What was sent and what is kept are together what came in.
  @Test func compress_losesNothingOverManySteps() throws {
    var dice = Dice(seed: 7)
    var error = [Float](repeating: 0, count: 200)
    var came = [Double](repeating: 0, count: 200)
    var sent = came
    var ballot = SignPlanes(count: 200)
    for _ in 0..<50 {
      let gradient = (0..<200).map { _ in Float(dice.roll(200) - 100) }
      let scale = try #require(
        ErrorFeedback(learningRate: 0.5).compress(
          gradient.span, error: error.mutableSpan, coordinates: 0..<200, into: &ballot))
      for index in 0..<200 {
        came[index] += 0.5 * Double(gradient[index])
        sent[index] += Double(scale) * Double(ballot[index])
      }
    }
    for index in 0..<200 {
      #expect(abs(came[index] - sent[index] - Double(error[index])) < 1e-2)
    }
  }

  @Test func aRangeOutside_traps() async {
    await #expect(processExitsWith: .failure) {
      var error: [Float] = [0, 0]
      var ballot = SignPlanes(count: 3)
      _ = ErrorFeedback(learningRate: 1).compress(
        ([0, 0, 0] as [Float]).span, error: error.mutableSpan, coordinates: 0..<3, into: &ballot)
    }
    await #expect(processExitsWith: .failure) {
      var values: [Float] = [0, 0]
      ScaledSignUpdate(learningRate: 1).apply(
        SignPlanes(count: 2), scale: 1, to: values.mutableSpan, coordinates: 1..<3)
    }
  }
}

@Suite struct MeanFeedbackTests {
  /// What comes to an owner of 4096..<4096 + `count`, with words around it that belong to nobody.
  private struct Ballots {
    let values: [[Float]]
    let scales: [Float]
    let words: [UInt64]
    let stride: Int

    init(ranks: Int, count: Int) {
      var dice = Dice(seed: ranks * 10_000 + count)
      let signs = (0..<ranks).map { _ in (0..<count).map { _ in dice.roll(2) } }
      let scales = (0..<ranks).map { $0 == 1 ? 0 : Float(dice.roll(1 << 24)) * 0x1p-26 }
      stride = (count + 63) / 64 + 2
      var words = [UInt64](repeating: 0xA5A5_A5A5_A5A5_A5A5, count: 3 + ranks * stride)
      for (rank, signs) in signs.enumerated() {
        for (index, bit) in signs.enumerated() {
          let word = 3 + rank * stride + index / 64
          let own: UInt64 = 1 << UInt64(index % 64)
          words[word] = bit == 1 ? words[word] | own : words[word] & ~own
        }
      }
      values = zip(signs, scales).map { signs, scale in signs.map { $0 == 1 ? -scale : scale } }
      self.scales = scales
      self.words = words
    }
  }

  @Test(arguments: [2, 3, 4, 5, 9], [1, 10, 64, 130, 4096, 5000])
  func mean_equalsItsDefinition(ranks: Int, count: Int) {
    let ballots = Ballots(ranks: ranks, count: count)
    var dice = Dice(seed: count)
    let error = (0..<count).map { _ in dice.finite(odd: false) * 0.25 }
    let owned = 4096..<4096 + count
    let feedback = MeanFeedback(owned: owned, ranks: ranks, firstWord: 3, stride: ballots.stride)
    var errors = error
    var mean = SignPlanes(count: owned.upperBound + 3)
    var norm = 0.0
    // Three parts, borders anywhere.
    let cuts = [0, count / 3, count - count / 4, count].map { $0 + 4096 }
    for (low, high) in zip(cuts, cuts.dropFirst()) {
      norm += feedback.add(
        ballots.words.span, scales: ballots.scales.span, to: errors.mutableSpan, part: low..<high,
        into: &mean)
    }
    let sums = (0..<count).map { index in
      let sum = ballots.values.reduce(Float(0)) { rounded(Double($0) + Double($1[index])) }
      let quotient = rounded(Double(sum) / Double(ranks))
      return rounded(Double(quotient) + Double(error[index]))
    }
    #expect(bits(errors) == bits(sums))
    #expect(
      list(mean) == [Int](repeating: 1, count: 4096) + sums.map { $0 < 0 ? -1 : 1 } + [1, 1, 1])
    let exact = sums.reduce(0) { $0 + Double(abs($1)) }
    #expect(abs(norm - exact) <= 1e-13 * exact)

    for (low, high) in zip(cuts, cuts.dropFirst()) {
      feedback.subtract(0.125, from: errors.mutableSpan, part: low..<high)
    }
    #expect(bits(errors) == bits(sums.map { NaiveFeedback.residual($0, 0.125) }))
  }

  @Test(arguments: [1, 64]) func mean_thatOverflows_isTheLargestNumber(count: Int) {
    let feedback = MeanFeedback(owned: 0..<count, ranks: 2, firstWord: 0, stride: 1)
    for word in [UInt64(0), .max] {
      var errors = [Float](repeating: 0, count: count)
      var mean = SignPlanes(count: count)
      let norm = feedback.add(
        [word, word].span, scales: ([3e38, 3e38] as [Float]).span, to: errors.mutableSpan,
        part: 0..<count, into: &mean)
      let largest = Float.greatestFiniteMagnitude
      #expect(errors.allSatisfy { $0 == (word == 0 ? largest : -largest) })
      #expect(norm == Double(largest) * Double(count))
    }
  }

  @Test func parts_endWithBlocks() {
    var parts: [Range<Int>] = []
    NormBlocks.forEachPart(of: 4000..<12_289) { parts.append($0) }
    #expect(parts == [4000..<4096, 4096..<8192, 8192..<12_288, 12_288..<12_289])
    NormBlocks.forEachPart(of: 5..<5) { _ in Issue.record("a part of nothing") }
  }
}

@Suite struct ScaledSignUpdateTests {
  @Test(arguments: [0, 0.1], tensors)
  func update_equalsItsDefinition(decay: Double, range: Range<Int>) {
    var dice = Dice(seed: 12)
    let values = (0..<9001).map { _ in dice.finite(odd: true) }
    let signs = (0..<9001).map { _ in 1 - 2 * dice.roll(2) }
    var moved = values
    ScaledSignUpdate(learningRate: 0.03, weightDecay: decay).apply(
      planes(signs), scale: 0.017, to: moved.mutableSpan, coordinates: range)
    var expected = values
    for index in range {
      let shrink = Float(1 - 0.03 * decay)
      let shrunk = decay == 0 ? values[index] : rounded(Double(shrink) * Double(values[index]))
      expected[index] = rounded(Double(shrunk) - Double(Float(0.017)) * Double(signs[index]))
    }
    #expect(bits(moved) == bits(expected))
  }
}
