internal import AlignedBuffers
public import SignBits

/// Lion's two averages of one momentum: what votes leans on the gradient more than what is kept.
///
/// In one pass over memory, coordinate by coordinate, with the old m in both lines:
///
///     u ← sign(β₁·m + (1−β₁)·g)
///     m ← β₂·m + (1−β₂)·g
///
/// β₁ is `interpolation`, β₂ is `momentum`; u goes to the vote, whose verdict moves the parameters
/// (`SignUpdate`, with its decoupled decay). Both lines are those of `MomentumAverage`, with its
/// roundings, its flush, its clamp, and its way with gradients that are not finite: with β₁ = β₂ = θ
/// ballot and momentum are those of `MomentumPass`, to the bit.
///
/// - Assumptions: With β₁ = β₂ those of momentum (`MomentumAverage`); for other weights see the
///   references.
/// - Rate: With β₁ = β₂ that of momentum.
/// - Memory: 4 bytes per parameter for m, no more than `MomentumPass`.
/// - Reference: Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023; Liu,
///   Wu, Chen, Liu, "Communication Efficient Distributed Training with Distributed Lion", NeurIPS
///   2024 (the vote, with usual values β₁ = 0.9, β₂ = 0.99).
public struct LionPass: Sendable {
  private let kept: MomentumAverage
  private let interpolated: MomentumAverage
  private let rule: SignRule

  /// A pass with both weights of the past and a rule for zeros.
  ///
  /// - Precondition: β₁ and β₂ lie in (−1, 1).
  public init(momentum: Double, interpolation: Double, rule: SignRule) {
    kept = MomentumAverage(momentum: momentum)
    interpolated = MomentumAverage(momentum: interpolation)
    self.rule = rule
  }

  /// Writes the signs of the interpolation and updates the momentum.
  ///
  /// - Parameters:
  ///   - momentum: d numbers, all finite; updated in place.
  ///   - gradient: d numbers.
  ///   - coordinates: Those to do; nil: all. Those of a part need not begin or end with a word: the
  ///     ballot's others stay, and so does what is noted of its mask (`SignPlanes.clearMask()`
  ///     before the first part).
  ///   - ballot: The signs of the interpolation, d coordinates.
  /// - Returns: Whether the gradient is finite in all of them. Where it is not the caller abstains in
  ///   the tensors concerned.
  /// - Precondition: All have d coordinates, and `coordinates` lies within them.
  /// - Complexity: O(`coordinates.count`); no allocation. 12 bytes per coordinate read and written.
  public func run(
    momentum: consuming MutableSpan<Float>, gradient: Span<Float>, coordinates: Range<Int>? = nil,
    into ballot: inout SignPlanes
  ) -> Bool {
    let count = ballot.count
    precondition(
      momentum.count == count && gradient.count == count,
      "\(momentum.count) momenta, \(gradient.count) gradients, \(count) signs")
    return unsafe momentum.withUnsafeMutableBytes { momentum in
      unsafe gradient.withUnsafeBytes { gradient in
        guard let momentum = momentum.baseAddress, let gradient = gradient.baseAddress else {
          return true
        }
        return unsafe ballot.fuse(
          Averages(kept: kept, interpolated: interpolated, gradient: gradient), stored: momentum,
          coordinates: coordinates, rule: rule)
      }
    }
  }

  @unsafe
  private struct Averages: FusedEstimate {
    static var votesItself: Bool { false }

    let kept: MomentumAverage
    let interpolated: MomentumAverage
    let gradient: UnsafeRawPointer

    @inline(__always)
    func next(_ old: Lanes, at offset: Int) -> (stored: Lanes, vote: Lanes) {
      let slope = unsafe gradient.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
      return unsafe (kept.next(old, gradient: slope), interpolated.next(old, gradient: slope))
    }

    func next(_ old: Float, at offset: Int) -> (stored: Float, vote: Float, isFinite: Bool) {
      let slope = unsafe gradient.load(fromByteOffset: offset, as: Float.self)
      return unsafe (
        kept.next(old, gradient: slope), interpolated.next(old, gradient: slope), slope.isFinite
      )
    }
  }
}
