internal import AlignedBuffers
internal import CVectorMask
internal import CounterRandom
public import SignBits

/// The stochastic sign S_R: an unbiased bit for a number.
///
/// S_R(v) is −1 with probability (R−v)/(2R) and +1 otherwise, each coordinate on its own, so that
/// E S_R(v) = v/R for |v| ≤ R and ±1 is certain at v = ±R; beyond it v counts as ±R. A vote of
/// many such bits follows the mean of the momenta, where the vote of their signs follows the
/// median: for ranks whose data differ. v is the momentum, R `radius`, the same for all voters of
/// a tensor (`StochasticRadius`).
///
/// To the bit: coordinate i is negative when u < (R−v)/(2R)·2^32, computed in Double, where u is
/// the 32-bit word i mod 4 of block i div 4 of the stream (seed, `stochasticSign`, owner, step). So
/// a draw depends on the coordinate alone. Where zeros abstain a v of 0 abstains (unbiased too);
/// under `SignRule.positive` it draws like others. With R = 0 every v counts as 0.
///
/// - Assumptions: Those of momentum, and |v| ≤ R; a bound on the gradients gives one for good.
/// - Rate: The mean of ‖∇f‖₁ over T steps is O(d·T^(−1/4) + d·n^(−1/2)) for n voters: the bits' own
///   noise leaves a floor that voters lower and steps do not.
/// - Memory: None.
/// - Reference: Sun, Wang, Li, Wang, "Momentum Ensures Convergence of SIGNSGD under Weaker
///   Assumptions", ICML 2023; Jin, Huang, He, Dai, Wu, "Stochastic-Sign SGD for Federated Learning
///   with Theoretical Guarantees", 2020.
public struct StochasticSign: Sendable {
  private let seed: UInt64
  private let rule: SignRule

  /// The operator of a run.
  public init(seed: UInt64, rule: SignRule) {
    self.seed = seed
    self.rule = rule
  }

  /// Draws the signs of a tensor.
  ///
  /// The ballot's other coordinates stay. That it has a mask is noted, never taken back: the pass
  /// that makes the momentum writes the whole ballot before.
  ///
  /// - Parameters:
  ///   - values: d finite numbers.
  ///   - radius: R of the tensor.
  ///   - coordinates: Those of the tensor.
  ///   - owner: The rank, or the client, that votes.
  ///   - step: The step of the vote.
  ///   - ballot: The signs, d coordinates.
  /// - Precondition: The numbers agree, `coordinates` lies within them, and `radius` is finite and
  ///   not negative.
  /// - Complexity: O(`coordinates.count`); 4 bytes per coordinate and a bit a plane, no allocation.
  public func pack(
    _ values: Span<Float>, radius: Float, coordinates: Range<Int>, owner: Int, step: Int,
    into ballot: inout SignPlanes
  ) {
    precondition(
      values.count == ballot.count && coordinates.lowerBound >= 0
        && coordinates.upperBound <= values.count,
      "\(coordinates) of \(values.count) numbers and \(ballot.count) signs")
    precondition(radius >= 0 && radius.isFinite, "a radius of \(radius)")
    guard !coordinates.isEmpty else { return }
    let stream = RandomStream(
      seed: seed, purpose: .stochasticSign, owner: owner, step: step)
    var anyMask: UInt64 = 0
    unsafe values.withUnsafeBufferPointer { values in
      unsafe ballot.withUnsafeWords { signs, masks in
        guard let base = values.baseAddress else { return }
        for word in coordinates.lowerBound / 64...(coordinates.upperBound - 1) / 64 {
          let first = max(word * 64, coordinates.lowerBound)
          let end = min(word * 64 + 64, coordinates.upperBound)
          let own = (UInt64.max >> UInt64(64 - (end - first))) << UInt64(first - word * 64)
          let part = unsafe UnsafeBufferPointer(rebasing: values[first..<end])
          let drawn =
            unsafe part.count == 64 && radius > 0
            ? vectors(UnsafeRawPointer(base + first), word: word, radius: radius, from: stream)
            : scalars(part, at: first - word * 64, word: word, radius: radius, from: stream)
          let mask = rule.zeroAbstains ? drawn.zero & own : 0
          unsafe signs[word] = signs[word] & ~own | drawn.negative & own & ~mask
          unsafe masks[word] = masks[word] & ~own | mask
          anyMask |= mask
        }
      }
    }
    if anyMask != 0 { ballot.hasMask = true }
  }

  /// The signs of up to 64 values that begin at a bit of a word, and which are 0.
  private func scalars(
    _ values: UnsafeBufferPointer<Float>, at bit: Int, word: Int, radius: Float,
    from stream: RandomStream
  ) -> (negative: UInt64, zero: UInt64) {
    var negative: UInt64 = 0
    var zero: UInt64 = 0
    let scale = 2 * Double(radius)
    for half in 0..<2 where bit < 32 * (half + 1) && bit + values.count > 32 * half {
      let uniform = stream.eightBlocks(at: word * 16 + half * 8)
      for place in max(32 * half, bit)..<min(32 * (half + 1), bit + values.count) {
        let value = unsafe radius == 0 ? 0 : values[place - bit]
        let bound = radius == 0 ? 0.5 : (Double(radius) - Double(value)) / scale
        let isNegative = Double(uniform[place - 32 * half]) < bound * 0x1p32
        negative |= (isNegative ? 1 : 0) << UInt64(place)
        zero |= (value == 0 ? 1 : 0) << UInt64(place)
      }
    }
    return (negative, zero)
  }

  /// The signs of 64 values, and which are 0.
  @inline(__always)
  private func vectors(
    _ values: UnsafeRawPointer, word: Int, radius: Float, from stream: RandomStream
  ) -> (negative: UInt64, zero: UInt64) {
    var negative: UInt64 = 0
    var zero: UInt64 = 0
    for half in 0..<2 {
      let uniform = stream.eightBlocks(at: word &* 16 &+ half &* 8)
      let offset = 128 &* half
      let low = unsafe values.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
      let high = unsafe values.loadUnaligned(fromByteOffset: offset &+ 64, as: SIMD16<Float>.self)
      let signs =
        Self.signs(low, uniform.lowHalf, radius)
        | Self.signs(high, uniform.highHalf, radius) &<< 16
      negative |= signs &<< UInt64(32 &* half)
      zero |= (Self.zeros(low) | Self.zeros(high) &<< 16) &<< UInt64(32 &* half)
    }
    return (negative, zero)
  }

  /// Which of 16 values are negative by their draws.
  @inline(__always)
  private static func signs(
    _ values: SIMD16<Float>, _ draws: SIMD16<UInt32>, _ radius: Float
  ) -> UInt64 {
    let low = excess(values.lowHalf, draws.lowHalf, Double(radius))
    let high = excess(values.highHalf, draws.highHalf, Double(radius))
    return CVMNegative(SIMD16(lowHalf: low, highHalf: high))
  }

  /// The high half of what each draw exceeds its bound by: negative where it is less.
  ///
  /// Numbers are converted lane by lane, of which the compiler makes one instruction; of what the
  /// vector types have for it, it makes calls.
  @inline(__always)
  private static func excess(
    _ values: SIMD8<Float>, _ draws: SIMD8<UInt32>, _ radius: Double
  ) -> SIMD8<Int32> {
    var value = SIMD8<Double>(repeating: 0)
    var draw = SIMD8<Double>(repeating: 0)
    for lane in 0..<8 { value[lane] = Double(values[lane]) }
    for lane in 0..<8 { draw[lane] = Double(draws[lane]) }
    let bound = (radius - value) / (2 * radius) * 0x1p32
    return unsafe unsafeBitCast(draw - bound, to: SIMD16<Int32>.self).oddHalf
  }

  @inline(__always)
  private static func zeros(_ values: SIMD16<Float>) -> UInt64 {
    let isZero = values .== SIMD16<Float>(repeating: 0)
    return CVMNegative(unsafe unsafeBitCast(isZero, to: SIMD16<Int32>.self))
  }
}
