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

  /// Replaces scores by e to their power, by their sum; and what is not seen, of `end`, by zeros.
  func softmax(upTo end: Int) {
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
      let power = exponential(unsafe lanes[index] - most)
      unsafe lanes[index] = power
      sums += power
    }
    let factor = 1 / sums.sum()
    for index in 0..<vectors { unsafe lanes[index] *= factor }
    fill(with: 0, upTo: end)
  }

  /// Replaces the gradient by weights, in `row`, by that by their scores: w (g − Σ w g).
  func softmaxGradient(_ row: WeightRow, upTo end: Int) {
    row.fill(with: 0, upTo: end)
    let vectors = Self.vectors(end)
    var sums = Lanes.zero
    for index in 0..<vectors { unsafe sums += lanes[index] * row.lanes[index] }
    let mean = Lanes(repeating: sums.sum())
    for index in 0..<vectors {
      unsafe row.lanes[index] = lanes[index] * (row.lanes[index] - mean)
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
