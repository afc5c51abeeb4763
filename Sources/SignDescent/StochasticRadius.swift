/// How the radius R of the stochastic sign follows from the momenta of all voters (`--radius`).
///
/// A tensor at a time: each voter has a `Contribution`, they are combined in the order of the
/// voters, and what comes out is R, the same for all.
public enum StochasticRadius: Equatable, Sendable {
  /// The maximum of |m| over the tensor and all voters: nothing is clamped.
  case maximum
  /// K times the root mean square of m over the tensor and all voters. K is `factor`.
  case rootMeanSquare(factor: Double)
  /// A value.
  case fixed(Float)

  /// Whether momenta beyond the radius can occur; they are clamped to it, which biases their bits.
  public var isBiased: Bool { self != .maximum }

  /// What a voter knows of a tensor, or several voters together.
  ///
  /// Without voters it is 0 of 0.
  public struct Contribution: BitwiseCopyable, Equatable, Sendable {
    /// The maximum of |m|, or the sum of its squares.
    public var statistic: Double
    /// The number of momenta.
    public var count: Int

    /// A contribution, or what is known of no voter.
    public init(statistic: Double = 0, count: Int = 0) {
      self.statistic = statistic
      self.count = count
    }
  }

  /// What a voter contributes to the radius of a tensor.
  ///
  /// A sum of squares is formed in Double: eight sums, the j-th of every eighth coordinate from the
  /// first + j on, are added from the first to the last.
  ///
  /// - Parameters:
  ///   - momentum: d finite numbers.
  ///   - coordinates: Those of the tensor.
  /// - Precondition: `coordinates` lies within the momentum.
  /// - Complexity: O(`coordinates.count`); O(1) for a fixed radius.
  public func contribution(of momentum: Span<Float>, in coordinates: Range<Int>) -> Contribution {
    let statistic =
      switch self {
      case .maximum: Double(largestMagnitude(momentum, in: coordinates))
      case .rootMeanSquare: sumOfSquares(momentum, in: coordinates)
      case .fixed: 0.0
      }
    return Contribution(statistic: statistic, count: coordinates.count)
  }

  /// What voters and the next one contribute together.
  public func combined(_ voters: Contribution, with next: Contribution) -> Contribution {
    let statistic =
      self == .maximum
      ? max(voters.statistic, next.statistic) : voters.statistic + next.statistic
    return Contribution(statistic: statistic, count: voters.count + next.count)
  }

  /// R from what all voters contribute together: the maximum, Float(K·√(sum/count)), or the value.
  ///
  /// Without voters, and where all momenta are 0, it is 0 unless it is fixed.
  public func radius(of voters: Contribution) -> Float {
    switch self {
    case .maximum: Float(voters.statistic)
    case .rootMeanSquare(let factor):
      min(
        Float(factor * (voters.statistic / Double(max(voters.count, 1))).squareRoot()),
        .greatestFiniteMagnitude)
    case .fixed(let value): value
    }
  }
}

extension StochasticRadius: LosslessStringConvertible {
  /// Reads the text of `--radius`: `max`, `rms:K` or a value; nil when it is none of these, or when
  /// K or the value is not finite and above 0.
  public init?(_ description: String) {
    if description == "max" {
      self = .maximum
    } else if description.hasPrefix("rms:") {
      guard let factor = Double(description.dropFirst(4)), factor > 0, factor.isFinite else {
        return nil
      }
      self = .rootMeanSquare(factor: factor)
    } else {
      guard let value = Float(description), value > 0, value.isFinite else { return nil }
      self = .fixed(value)
    }
  }

  /// The text that `init(_:)` reads.
  public var description: String {
    switch self {
    case .maximum: "max"
    case .rootMeanSquare(let factor): "rms:\(factor)"
    case .fixed(let value): "\(value)"
    }
  }
}

/// The largest magnitude of a range; 0 of none.
private func largestMagnitude(_ values: Span<Float>, in range: Range<Int>) -> Float {
  precondition(
    range.lowerBound >= 0 && range.upperBound <= values.count,
    "\(range) of \(values.count) numbers")
  // Magnitudes are ordered as their bits are.
  var largest: UInt32 = 0
  unsafe values.withUnsafeBufferPointer { values in
    for index in range { largest = unsafe max(largest, values[index].magnitude.bitPattern) }
  }
  return Float(bitPattern: largest)
}
