/// Vectors that rows of attention weights are whole numbers of.
typealias Lanes = SIMD16<Float>

/// A row of attention weights: numbers of one query for the keys that it sees, then zeros.
@safe
struct WeightRow {
  let lanes: UnsafeMutablePointer<Lanes>
  /// The keys that the query sees.
  let count: Int

  /// - Parameters:
  ///   - numbers: At a multiple of the size of `Lanes`, with room for whole vectors.
  ///   - count: The keys that the query sees.
  init(_ numbers: UnsafeMutablePointer<Float>, count: Int) {
    unsafe lanes = UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: Lanes.self)
    self.count = count
  }

  /// The vectors that so many numbers lie in.
  static func vectors(_ count: Int) -> Int {
    (count + Lanes.scalarCount - 1) / Lanes.scalarCount
  }

  /// Sets the numbers after the seen ones, up to the end of the last of so many numbers' vectors.
  func fill(with value: Float, upTo end: Int) {
    let numbers = unsafe UnsafeMutableRawPointer(lanes).assumingMemoryBound(to: Float.self)
    for index in count..<max(count, Self.vectors(end) * Lanes.scalarCount) {
      unsafe numbers[index] = value
    }
  }

  /// Sets weights to e to the power of scale times the scores, by their sum.
  ///
  /// What is not seen, up to `end`, gets 0. The scores are used up.
  ///
  /// - Parameter scale: Not negative.
  func softmax<Factor: ProductFactor>(
    times scale: Float, upTo end: Int, into weights: UnsafeMutablePointer<Factor>
  ) {
    fill(with: -.infinity, upTo: count)
    let vectors = Self.vectors(count)
    var highest = Lanes(repeating: -.infinity)
    for index in 0..<vectors {
      // pointwiseMax goes lane by lane.
      let scores = unsafe lanes[index]
      highest.replace(with: scores, where: scores .> highest)
    }
    let most = Lanes(repeating: highest.max())
    var sums = Lanes.zero
    for index in 0..<vectors {
      let power = exponential((unsafe lanes[index] - most) * scale)
      unsafe lanes[index] = power
      sums += power
    }
    fill(with: 0, upTo: end)
    let factor = 1 / sums.sum()
    let weights = unsafe Factor.vectors(weights)
    for index in 0..<Self.vectors(end) {
      unsafe weights[index] = Factor.rounded(lanes[index] * factor)
    }
  }

  /// Sets differences to the gradient by scores, scale · w (g − Σ w g).
  ///
  /// This row holds the gradient by weights, which is used up.
  func softmaxGradient<Factor: ProductFactor>(
    at weights: UnsafeMutablePointer<Factor>, times scale: Float, upTo end: Int,
    into differences: UnsafeMutablePointer<Factor>
  ) {
    fill(with: 0, upTo: end)
    let vectors = Self.vectors(end)
    let weights = unsafe Factor.vectors(weights)
    let differences = unsafe Factor.vectors(differences)
    var sums = Lanes.zero
    for index in 0..<vectors { unsafe sums += Factor.widened(weights[index]) * lanes[index] }
    let mean = Lanes(repeating: sums.sum())
    for index in 0..<vectors {
      let weight = unsafe Factor.widened(weights[index]) * scale
      unsafe differences[index] = Factor.rounded(weight * (lanes[index] - mean))
    }
  }
}

/// e to the power of numbers that are not positive, to 2^-22 of it; NaN for NaN.
///
/// Below −87 it is about e^−87. Cody and Waite's reduction and the polynomial of Cephes' `expf`.
@inline(__always)
func exponential(_ numbers: Lanes) -> Lanes {
  let number = numbers.replacing(with: -87, where: numbers .< -87)
  // Adding 1.5 · 2^23 rounds to a whole number, which then stands in the low bits.
  let shifted = number * 1.442_695_04 + 12_582_912
  let whole = shifted - 12_582_912
  let rest = number - whole * 0.693_359_375 + whole * 2.121_944_4e-4
  var sum = Lanes(repeating: 1.987_569_150_0e-4)
  for factor: Float in [
    1.398_199_950_7e-3, 8.333_451_907_3e-3, 4.166_579_589_4e-2, 0.166_666_654_59, 0.500_000_012_01,
  ] {
    sum = sum * rest + factor
  }
  let power = sum * rest * rest + rest + 1
  let bits = unsafe unsafeBitCast(shifted, to: SIMD16<Int32>.self) &<< 23
  let one = unsafe unsafeBitCast(power, to: SIMD16<Int32>.self)
  return unsafe unsafeBitCast(one &+ bits, to: Lanes.self)
}
