internal import CVectorMask
internal import SignBits

/// One fused pass: its arguments and its kernels.
///
/// A word of 64 coordinates is computed and stored in vectors without looking for exceptions, while
/// their smallest magnitude and their sum are kept. A word with sums that are not finite (a
/// gradient, or an overflow) gets its old momenta back, which are still in registers or on the
/// stack, and is done by the definition; one with a sum below the smallest normal is flushed, which
/// also gives its mask.
///
/// Measured on one core with AVX-512, against a triad in the same run: built for that processor 1.0
/// to 1.1 of its bandwidth at 1 M parameters and 1.3 at 25 M; built for any x86-64 (SSE2), where a
/// vector of 16 is four, 0.5 and 0.85 to 0.9: within the cache the instructions are the limit.
/// arm64 has vectors of four lanes as well.
///
/// Comparisons take a vector on both sides: those of a vector with a number run lane by lane.
@unsafe
struct FusedPass {
  /// What a pass has met.
  struct Findings {
    var isFinite = true
    var anyMask = false
  }

  private typealias Lanes = SIMD16<Float>
  /// The same lanes as integers.
  private typealias Patterns = SIMD16<Int32>

  let average: MomentumAverage
  let zeroAbstains: Bool
  let momentum: UnsafeMutableRawPointer
  let gradient: UnsafeRawPointer
  let signs: UnsafeMutableBufferPointer<UInt64>
  let masks: UnsafeMutableBufferPointer<UInt64>

  /// Updates and packs so many coordinates from the first on.
  func run(_ count: Int) -> Findings {
    var findings = Findings()
    unsafe vectors(0..<count / 64, &findings)
    if count % 64 > 0 { unsafe scalars(count / 64, count: count % 64, &findings) }
    return findings
  }

  /// Updates and packs whole words.
  ///
  /// All vectors are made and used before the first branch; a branch in between would let the
  /// compiler move half of the work behind it and spill the rest.
  private func vectors(_ words: Range<Int>, _ findings: inout Findings) {
    let past = unsafe Lanes(repeating: average.past)
    let present = unsafe Lanes(repeating: average.present)
    for word in words {
      let m = unsafe momentum + word &* 256
      let g = unsafe gradient + word &* 256
      var extremes = Extremes()
      let old0 = unsafe m.loadUnaligned(as: Lanes.self)
      var negatives = unsafe Self.update(old0, g, past, present, to: m, place: 0, &extremes)
      let old1 = unsafe m.loadUnaligned(fromByteOffset: 64, as: Lanes.self)
      unsafe negatives |= Self.update(old1, g, past, present, to: m, place: 1, &extremes)
      let old2 = unsafe m.loadUnaligned(fromByteOffset: 128, as: Lanes.self)
      unsafe negatives |= Self.update(old2, g, past, present, to: m, place: 2, &extremes)
      let old3 = unsafe m.loadUnaligned(fromByteOffset: 192, as: Lanes.self)
      unsafe negatives |= Self.update(old3, g, past, present, to: m, place: 3, &extremes)
      unsafe signs[word] = negatives
      unsafe masks[word] = 0
      if !extremes.areFinite {
        unsafe m.storeBytes(of: old0, as: Lanes.self)
        unsafe m.storeBytes(of: old1, toByteOffset: 64, as: Lanes.self)
        unsafe m.storeBytes(of: old2, toByteOffset: 128, as: Lanes.self)
        unsafe m.storeBytes(of: old3, toByteOffset: 192, as: Lanes.self)
        unsafe scalars(word, count: 64, &findings)
      } else if extremes.areTiny {
        let zeros = unsafe Self.flush(m)
        unsafe signs[word] = negatives & ~zeros
        if unsafe zeroAbstains && zeros != 0 {
          unsafe masks[word] = zeros
          findings.anyMask = true
        }
      }
    }
  }

  /// What 64 sums have among them.
  private struct Extremes {
    /// The smallest magnitude by lane.
    var smallest = Lanes(repeating: .leastNormalMagnitude)
    /// The sum by lane, in which NaN and infinities stay.
    var sum = Lanes(repeating: 0)

    /// Whether all are finite.
    ///
    /// Where their sum overflows the answer is no, which costs time only.
    var areFinite: Bool {
      let difference = sum - sum
      return all(difference .== Lanes(repeating: 0))
    }

    /// Whether one is below the smallest normal number.
    var areTiny: Bool { any(smallest .< Lanes(repeating: .leastNormalMagnitude)) }
  }

  /// Updates the momenta of a place of 16 in a word, without flush.
  ///
  /// - Returns: The bits of those that are negative, at their place in the word.
  @inline(__always)
  private static func update(
    _ old: Lanes, _ gradient: UnsafeRawPointer, _ past: Lanes, _ present: Lanes,
    to momentum: UnsafeMutableRawPointer, place: Int, _ extremes: inout Extremes
  ) -> UInt64 {
    let kept = past * old
    let slope = unsafe gradient.loadUnaligned(fromByteOffset: 64 &* place, as: Lanes.self)
    let sum = kept + present * slope
    unsafe momentum.storeBytes(of: sum, toByteOffset: 64 &* place, as: Lanes.self)
    let pattern = unsafe unsafeBitCast(sum, to: Patterns.self)
    let magnitude = unsafe unsafeBitCast(pattern & Patterns(repeating: .max), to: Lanes.self)
    extremes.smallest.replace(with: magnitude, where: magnitude .< extremes.smallest)
    extremes.sum += sum
    return CVMNegative(pattern) &<< UInt64(16 &* place)
  }

  /// Sets what is below the smallest normal number to +0 in 64 finite numbers.
  ///
  /// - Returns: The bits of those that are 0 then.
  @inline(never)
  private static func flush(_ momentum: UnsafeMutableRawPointer) -> UInt64 {
    var zeros: UInt64 = 0
    for place in 0..<4 {
      let offset = 64 &* place
      let pattern = unsafe momentum.loadUnaligned(fromByteOffset: offset, as: Patterns.self)
      let isTiny =
        (pattern & Patterns(repeating: .max)) .< Patterns(repeating: 0x0080_0000)
      let lanes = unsafe unsafeBitCast(isTiny, to: Patterns.self)
      unsafe momentum.storeBytes(of: pattern & ~lanes, toByteOffset: offset, as: Patterns.self)
      zeros |= CVMNegative(lanes) &<< UInt64(offset / 4)
    }
    return zeros
  }

  /// Updates and packs the first coordinates of a word by the definition.
  @inline(never)
  private func scalars(_ word: Int, count: Int, _ findings: inout Findings) {
    var negative: UInt64 = 0
    var zero: UInt64 = 0
    for bit in 0..<count {
      let offset = (word * 64 + bit) * 4
      let slope = unsafe gradient.load(fromByteOffset: offset, as: Float.self)
      let old = unsafe momentum.load(fromByteOffset: offset, as: Float.self)
      let next = unsafe average.next(old, gradient: slope)
      unsafe momentum.storeBytes(of: next, toByteOffset: offset, as: Float.self)
      if !slope.isFinite { findings.isFinite = false }
      if next < 0 { negative |= 1 << UInt64(bit) }
      if next == 0 { zero |= 1 << UInt64(bit) }
    }
    unsafe signs[word] = negative
    unsafe masks[word] = zeroAbstains ? zero : 0
    if unsafe zeroAbstains && zero != 0 { findings.anyMask = true }
  }
}
