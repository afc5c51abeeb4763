internal import AlignedBuffers
public import SignBits

/// Momentum, check of the gradient, flush of denormals and packing of signs in one pass.
///
/// What it computes, under which assumptions and at which rate, stands at `MomentumAverage`.
/// Equal to the chain of `MomentumAverage.next` and `SignPlanes.pack`, bit for bit. One pass over
/// memory: 12 bytes per coordinate read and written, and a bit a plane. `FusedPass` is its kernel.
public struct MomentumPass: Sendable {
  private let average: MomentumAverage
  private let rule: SignRule

  /// A pass with the weight θ of the past and a rule for zeros.
  ///
  /// - Precondition: θ lies in (−1, 1).
  public init(momentum: Double, rule: SignRule) {
    average = MomentumAverage(momentum: momentum)
    self.rule = rule
  }

  /// Updates the momentum and writes its signs.
  ///
  /// - Parameters:
  ///   - momentum: d numbers, all finite; updated in place.
  ///   - gradient: d numbers.
  ///   - coordinates: Those to do; nil: all. Those of a part need not begin or end with a word: the
  ///     ballot's others stay, and so does what is noted of its mask (`SignPlanes.clearMask()`
  ///     before the first part).
  ///   - ballot: The signs of the new momentum, d coordinates.
  /// - Returns: Whether the gradient is finite in all of them. Where it is not the caller abstains in
  ///   the tensors concerned.
  /// - Precondition: All have d coordinates, and `coordinates` lies within them.
  /// - Complexity: O(`coordinates.count`); no allocation.
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
          Average(average: average, gradient: gradient), stored: momentum,
          coordinates: coordinates, rule: rule)
      }
    }
  }

  /// The momentum, which votes itself.
  @unsafe
  private struct Average: FusedEstimate {
    static var votesItself: Bool { true }

    let average: MomentumAverage
    let gradient: UnsafeRawPointer

    @inline(__always)
    func next(_ old: Lanes, at offset: Int) -> (stored: Lanes, vote: Lanes) {
      let slope = unsafe gradient.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
      let sum = unsafe average.next(old, gradient: slope)
      return (sum, sum)
    }

    func next(_ old: Float, at offset: Int) -> (stored: Float, vote: Float, isFinite: Bool) {
      let slope = unsafe gradient.load(fromByteOffset: offset, as: Float.self)
      let sum = unsafe average.next(old, gradient: slope)
      return (sum, sum, slope.isFinite)
    }
  }
}
