package import SignBits

/// The second compression of error feedback: the mean of what the ranks sent becomes signs and a
/// scale too, and what that loses is kept by the owner of the coordinates.
///
/// - P = fl(fl((q₀ + q₁ + … + q_{N−1}) / N) + E), the sum in Float32, from 0, in the order of ranks;
///   a P that overflows becomes the largest number of its sign;
/// - A = Float(‖P‖₁ / d) of the whole tensor, the norm summed as `NormBlocks` says;
/// - Q = A·sign(P), with 1 in the sign plane where P < 0;
/// - E ← fl(P − Q).
///
/// A is known only when all owners have summed their parts, so E holds P from `add` to `subtract`.
package struct MeanFeedback: Sendable {
  /// The coordinates of the owner; the first is a multiple of 64.
  private let owned: Range<Int>
  private let ranks: Int
  /// The word of rank 0's first own coordinate among the words that came.
  private let firstWord: Int
  /// How many words the planes of two ranks are apart.
  private let stride: Int

  /// The place of the owner's coordinates in what came from the ranks.
  package init(owned: Range<Int>, ranks: Int, firstWord: Int, stride: Int) {
    precondition(owned.lowerBound % 64 == 0, "coordinates from \(owned.lowerBound) on")
    self.owned = owned
    self.ranks = ranks
    self.firstWord = firstWord
    self.stride = stride
  }

  /// Computes P in place of E, and its signs.
  ///
  /// - Parameters:
  ///   - words: The sign planes that came.
  ///   - scales: The scales of the tensor by rank.
  ///   - errors: E of the owned coordinates.
  ///   - part: Coordinates of one tensor in one block.
  ///   - mean: Takes the signs of P at `part`.
  /// - Returns: The sum of the magnitudes of P.
  /// - Precondition: `part` lies within the owned coordinates, and these in `errors` and `mean`.
  /// - Complexity: O(N·`part.count`).
  package func add(
    _ words: Span<UInt64>, scales: Span<Float>, to errors: consuming MutableSpan<Float>,
    part: Range<Int>, into mean: inout SignPlanes
  ) -> Double {
    precondition(
      errors.count == owned.count && owned.clamped(to: 0..<mean.count) == owned
        && part.clamped(to: owned) == part && scales.count == ranks
        && firstWord + (ranks - 1) * stride + (owned.count + 63) / 64 <= words.count,
      "\(part) of \(owned) with \(errors.count) errors and \(words.count) words")
    var norm = BlockNorm()
    unsafe words.withUnsafeBufferPointer { words in
      unsafe scales.withUnsafeBufferPointer { scales in
        unsafe errors.withUnsafeMutableBufferPointer { errors in
          unsafe mean.withUnsafeWords { signs, _ in
            let sum = unsafe ScaledSum(
              words: words, scales: scales, firstWord: firstWord, stride: stride)
            let first = owned.lowerBound
            let places = WordParts(part.lowerBound - first..<part.upperBound - first)
            let own = unsafe UnsafeMutableBufferPointer(rebasing: signs[(first / 64)...])
            unsafe sum.edge(places.head, errors, own, &norm)
            unsafe sum.words(places.whole, errors, own, &norm)
            unsafe sum.edge(places.tail, errors, own, &norm)
          }
        }
      }
    }
    return norm.total
  }

  /// E ← P − A·sign(P).
  ///
  /// - Parameters:
  ///   - scale: A.
  ///   - errors: P of the owned coordinates.
  ///   - part: Coordinates of the tensor.
  /// - Precondition: `part` lies within the owned coordinates, and `errors` are theirs.
  /// - Complexity: O(`part.count`).
  package func subtract(
    _ scale: Float, from errors: consuming MutableSpan<Float>, part: Range<Int>
  ) {
    precondition(
      errors.count == owned.count && part.clamped(to: owned) == part,
      "\(part) of \(owned) with \(errors.count) errors")
    let first = owned.lowerBound
    unsafe errors.withUnsafeMutableBufferPointer { errors in
      for index in part.lowerBound - first..<part.upperBound - first {
        unsafe errors[index] = SignLanes.residual(errors[index], scale)
      }
    }
  }
}

/// Adds up the ballots of all ranks at places counted from the first own coordinate.
@unsafe
private struct ScaledSum {
  private typealias Lanes = SIMD16<Float>

  let words: UnsafeBufferPointer<UInt64>
  let scales: UnsafeBufferPointer<Float>
  let firstWord: Int
  let stride: Int

  func words(
    _ range: Range<Int>, _ errors: UnsafeMutableBufferPointer<Float>,
    _ signs: UnsafeMutableBufferPointer<UInt64>, _ norm: inout BlockNorm
  ) {
    let bytes = UnsafeMutableRawBufferPointer(errors)
    let count = unsafe Lanes(repeating: Float(scales.count))
    let largest = Lanes(repeating: .greatestFiniteMagnitude)
    for word in range {
      var negative: UInt64 = 0
      for group in 0..<4 {
        let place = UInt64(16 &* group)
        var sum = Lanes(repeating: 0)
        for rank in unsafe scales.indices {
          let bits = unsafe words[firstWord &+ rank &* stride &+ word] &>> place
          sum += unsafe SignLanes.signed(scales[rank], bits)
        }
        let offset = word &* 256 &+ group &* 64
        let kept = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
        var p = sum / count + kept
        p.replace(with: largest, where: p .> largest)
        p.replace(with: -largest, where: p .< -largest)
        unsafe bytes.storeBytes(of: p, toByteOffset: offset, as: Lanes.self)
        norm.add(p)
        negative |= SignLanes.negative(p) &<< place
      }
      unsafe signs[word] = negative
    }
  }

  func edge(
    _ range: Range<Int>, _ errors: UnsafeMutableBufferPointer<Float>,
    _ signs: UnsafeMutableBufferPointer<UInt64>, _ norm: inout BlockNorm
  ) {
    let largest = Float.greatestFiniteMagnitude
    for index in range {
      var sum: Float = 0
      for rank in unsafe scales.indices {
        sum += unsafe SignLanes.signed(
          scales[rank], words[firstWord + rank * stride + index / 64], index)
      }
      let p = unsafe min(max(sum / Float(scales.count) + errors[index], -largest), largest)
      unsafe errors[index] = p
      norm.add(p, at: index)
      unsafe SignLanes.set(&signs[index / 64], index, negative: p < 0)
    }
  }
}
