import CounterRandom
import Objectives
import Testing

extension ClosedFormObjective {
  /// The gradient without noise as an array; what is not written stays NaN.
  func exactGradient(at parameters: [Float]) -> [Float] {
    var gradient = [Float](repeating: .nan, count: layout.count)
    exactGradient(at: parameters.span, into: gradient.mutableSpan)
    return gradient
  }

  /// The loss over all copies, or of one.
  func value(at parameters: [Float], copy: Int? = nil) -> Double {
    if let copy { value(at: parameters.span, copy: copy) } else { value(at: parameters.span) }
  }

  /// A noisy gradient as an array; what is not written stays NaN.
  func draw(
    at parameters: [Float], seed: UInt64 = 1, rank: Int = 0, step: Int, samples: Int = 1
  ) -> [Float] {
    var gradient = [Float](repeating: .nan, count: layout.count)
    stochasticGradient(
      at: parameters.span, position: NoisePosition(seed: seed, rank: rank, step: step),
      samples: samples, into: gradient.mutableSpan)
    return gradient
  }
}

@Suite struct ClosedFormTests {
  static let forms = [
    "quadratic:5:2", "stretched-quadratic:4", "sparse-quadratic:3", "skewed-quadratic:3",
    "heavy-tailed-quadratic:4:3", "heterogeneous-quadratic", "linear-trap", "diagonal-trap:0.25",
    "two-sample-trap:0.3", "pure-noise:4",
  ]
  /// The forms whose gradient is random.
  static let noisy = forms.filter { !$0.hasPrefix("hetero") && !$0.hasPrefix("diagonal") }

  private func objective(
    _ form: String, copies: Int
  ) throws -> any ClosedFormObjective {
    try #require(ClosedForm(form)).makeObjective(copies: copies)
  }

  /// Sixteenths between -2 and 2, none where x₁ ± x₂ = 0: exact in every sum.
  private func point(_ count: Int, seed: UInt64) -> [Float] {
    let stream = RandomStream(seed: seed, purpose: .partition)
    return (0..<count).map { index in
      Float(4 * stream.below(15, at: index) - 28 + index % 2) / 16
    }
  }

  @Test(arguments: forms)
  func dimension_isThatOfACopy(form: String) throws {
    #expect(try ClosedForm(form)?.dimension == objective(form, copies: 1).layout.count)
    #expect(try ClosedForm(form)?.dimension == objective(form, copies: 4).layout.count / 4)
  }

  @Test(arguments: forms, [1, 2, 3] as [UInt64])
  func exactGradient_equalsDifferences(form: String, seed: UInt64) throws {
    let objective = try objective(form, copies: 3)
    let place = point(objective.layout.count, seed: seed)
    let gradient = objective.exactGradient(at: place)
    for index in place.indices {
      var (above, below) = (place, place)
      above[index] += 1 / 64
      below[index] -= 1 / 64
      let rise = objective.value(at: above) - objective.value(at: below)
      #expect(abs(rise * 32 - Double(gradient[index])) < 1e-5)
    }
  }

  @Test(arguments: forms)
  func value_isTheSumOfIndependentCopies(form: String) throws {
    let (one, three) = (try objective(form, copies: 1), try objective(form, copies: 3))
    #expect(three.layout.count == 3 * one.layout.count && three.dimension == one.layout.count)
    let place = point(three.layout.count, seed: 4)
    let parts = (0..<3).map { copy in
      Array(place[copy * one.layout.count..<(copy + 1) * one.layout.count])
    }
    for copy in 0..<3 {
      #expect(
        three.value(at: place, copy: copy) == one.value(at: parts[copy], copy: 0))
    }
    #expect(three.exactGradient(at: place) == parts.flatMap { one.exactGradient(at: $0) })
    let values = parts.map { one.value(at: $0) }
    #expect(three.value(at: place) == values.reduce(0, +))
  }

  @Test(arguments: noisy, [1, 3, 70])
  func draws_areUnbiased(form: String, samples: Int) throws {
    let objective = try objective(form, copies: 2)
    let place = point(objective.layout.count, seed: 9)
    let exact = objective.exactGradient(at: place).map { Double($0) }
    let steps = 2000
    var (sum, squares) = (exact.map { _ in 0.0 }, exact.map { _ in 0.0 })
    for step in 0..<steps {
      let draw = objective.draw(at: place, step: step, samples: samples)
      for index in exact.indices {
        let error = Double(draw[index]) - exact[index]
        sum[index] += error
        squares[index] += error * error
      }
    }
    for index in exact.indices {
      // Five standard errors of a sum, by its own squares; 1e-4 for roundings.
      #expect(abs(sum[index]) <= 5 * squares[index].squareRoot() + 1e-4, "coordinate \(index)")
    }
    let isSparse = form.hasPrefix("sparse")
    #expect(squares.indices.allSatisfy { (squares[$0] > 0) == (!isSparse || $0 % 3 == 0) })
  }

  @Test(arguments: noisy)
  func draws_dependOnSeedRankStepAndSamplesAlone(form: String) throws {
    let (one, other) = (try objective(form, copies: 40), try objective(form, copies: 40))
    let place = point(one.layout.count, seed: 2)
    let draw = one.draw(at: place, seed: 5, rank: 3, step: 1 << 40)
    _ = one.draw(at: place, seed: 5, rank: 3, step: 7)
    #expect(one.draw(at: place, seed: 5, rank: 3, step: 1 << 40) == draw)
    #expect(other.draw(at: place, seed: 5, rank: 3, step: 1 << 40) == draw)
    #expect(one.draw(at: place, seed: 6, rank: 3, step: 1 << 40) != draw)
    #expect(one.draw(at: place, seed: 5 | 1 << 32, rank: 3, step: 1 << 40) != draw)
    #expect(one.draw(at: place, seed: 5, rank: 2, step: 1 << 40) != draw)
    #expect(one.draw(at: place, seed: 5, rank: 3, step: 0) != draw)
    #expect(one.draw(at: place, seed: 5, rank: 3, step: 1 << 40, samples: 2) != draw)
  }

  @Test(arguments: noisy, [1, 5])
  func copies_areIndependent(form: String, samples: Int) throws {
    let objective = try objective(form, copies: 66)
    let place = point(objective.layout.count, seed: 3)
    let exact = objective.exactGradient(at: place).map { Double($0) }
    let first = stride(from: 0, to: exact.count, by: objective.dimension)
    var (products, squares, terms) = (0.0, 0.0, 0.0)
    for step in 0..<50 {
      let draw = objective.draw(at: place, step: step, samples: samples)
      // For the two-sample trap a copy's error has the sign of its coin times a constant.
      let errors = first.map { Double(draw[$0]) - exact[$0] }
      for (error, next) in zip(errors, errors.dropFirst()) {
        products += error * next
        squares += error * next * error * next
        terms += 1
      }
    }
    #expect(terms == 50 * 65)
    #expect(abs(products) < 5 * squares.squareRoot())
    #expect(squares > 0)
  }

  @Test(arguments: forms)
  func batch_leadsToTheSameDraw(form: String) throws {
    let objective = try objective(form, copies: 2)
    let place = point(objective.layout.count, seed: 7)
    var batch = Batch(capacity: 3, width: 0)
    batch.removeAll(leaving: 3)
    batch.noise = NoisePosition(seed: 1, rank: 2, step: 11)
    let result = try objective.gradient(at: place, on: batch)
    #expect(result.gradient == objective.draw(at: place, rank: 2, step: 11, samples: 3))
    #expect(result.loss == objective.value(at: place))
    #expect(try objective.evaluate(at: place, on: batch).loss == 3 * result.loss)
    #expect(objective.classCount == nil)
  }

  @Test(arguments: forms)
  func notFinite_doesNotTrap(form: String) throws {
    let objective = try objective(form, copies: 1)
    for value in [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude] {
      let place = [Float](repeating: value, count: objective.layout.count)
      #expect(objective.draw(at: place, step: 1).count == place.count)
      _ = objective.value(at: place)
    }
  }

  @Test(arguments: [
    ("skewed-quadratic:2", [3, 3, 3, 3] as [Float]), ("heterogeneous-quadratic", [5, 5]),
    ("linear-trap", [0, 0]), ("diagonal-trap", [1, 1, 1, 1]), ("two-sample-trap", [1, 1, 1, 1]),
  ])
  func initialize_isTheDocumentedStart(form: String, start: [Float]) throws {
    #expect(try objective(form, copies: 2).initial(seed: 3) == start)
  }

  @Test func initialize_elsewhere() throws {
    let offGrid = SIMD2<Float>(1, 1.003)
    #expect(
      try DiagonalTrap(slope: 0.5, copies: 2, start: offGrid).initial(seed: 1)
        == [1, 1.003, 1, 1.003])
    #expect(
      try TwoSampleTrap(common: 0.5, copies: 2, start: offGrid).initial(seed: 1)
        == [1, 1.003, 1, 1.003])
    let stream = RandomStream(seed: 4, purpose: .initialization)
    let expected = (0..<6).map { Float(2 * stream.normal(at: $0)) }
    #expect(try objective("stretched-quadratic:3", copies: 2).initial(seed: 4) == expected)
    let quadratic = try objective("quadratic:6:1", copies: 1).initial(seed: 4)
    #expect(quadratic == (0..<6).map { Float(stream.normal(at: $0)) })
  }

  @Test(arguments: forms)
  func text_roundTrips(form: String) throws {
    let choice = try #require(ClosedForm(form))
    #expect(ClosedForm(choice.description) == choice)
    let short = String(form.prefix { $0 != ":" })
    let usual = try #require(ClosedForm(short))
    #expect(ClosedForm(usual.description) == usual)
    #expect(ClosedForm.forms.contains(short))
  }

  @Test(arguments: [
    "", ":", "mlp", "quadratic:", "quadratic:5", "quadratic:0:1", "quadratic:5:-1",
    "quadratic:5:nan", "quadratic:5:inf", "quadratic:5:1:1", "skewed-quadratic:0",
    "skewed-quadratic:", "skewed-quadratic:x", "stretched-quadratic:1",
    "heavy-tailed-quadratic:5", "heavy-tailed-quadratic:5:0", "heterogeneous-quadratic:3",
    "linear-trap:1", "diagonal-trap:0", "diagonal-trap:1", "two-sample-trap:-0.5",
    "two-sample-trap:nan", "pure-noise:-1", "Linear-trap", "linear-trap ",
  ])
  func text_refused(text: String) {
    #expect(ClosedForm(text) == nil)
  }

  @Test(arguments: [
    "quadratic:9223372036854775807:1", "stretched-quadratic:9223372036854775807",
    "pure-noise:1099511627776",
  ])
  func tooLarge_isRefusedBeforeMemoryIsAskedFor(form: String) throws {
    #expect(throws: ParameterLayoutError.self) { try objective(form, copies: 2) }
    #expect(throws: ParameterLayoutError.self) { try objective("linear-trap", copies: 0) }
  }
}
