internal import CounterRandom
internal import Foundation

/// The noise that a closed-form objective adds to each coordinate of its gradient.
///
/// The mean is 0 and coordinates are independent. A batch of B samples has the mean of B draws.
/// All is drawn from the stream (seed, `gradientNoise`, rank, step); below, i is the coordinate.
public enum GradientNoise: Sendable, Hashable {
  /// Normal with a standard deviation σ: σ/√B · `normal(at: i)`.
  case gaussian(deviation: Double)
  /// Normal in the first coordinate of each copy only, as `gaussian`; 0 in the others.
  ///
  /// Source: Bernstein et al., "signSGD", ICML 2018, the toy problem, with σ = 100.
  case sparse(deviation: Double)
  /// +15/4 with probability 1/4, -5/4 with probability 3/4; variance 75/16.
  ///
  /// The mean of B draws is 5 k / B - 5/4, k of B events of probability 1/4 having happened:
  /// events i B up to (i + 1) B of the row whose word w of 64 events is
  /// word(2 w) AND word(2 w + 1), the lowest bit first.
  case skewed
  /// Student's t with ν > 0 degrees of freedom; without a variance for ν ≤ 2, a mean for ν ≤ 1.
  ///
  /// Draw b is √(ν (U^(-2/ν) - 1)) cos(2π V) with U = 1 - `uniform(at: 2 j)`,
  /// V = `uniform(at: 2 j + 1)` and j = i B + b; exact in distribution. A gradient beyond the
  /// range of Float is infinite.
  ///
  /// Source: Bailey, "Polar generation of random variates with the t-distribution",
  /// Mathematics of Computation 62 (1994).
  case studentT(degrees: Double)

  /// Whether the noise's parameter is in its range.
  var isValid: Bool {
    switch self {
    case .gaussian(let deviation), .sparse(let deviation): deviation >= 0 && deviation.isFinite
    case .skewed: true
    case .studentT(let degrees): degrees > 0 && degrees.isFinite
    }
  }
}

/// The noise of one gradient, coordinate after coordinate.
struct NoiseDraws {
  private let noise: GradientNoise
  private let stream: RandomStream
  private let samples: Int
  /// The coordinates of a copy.
  private let period: Int
  private let scale: Double
  private var events: RandomEvents
  private var pairs: UniformPairs
  private var index = 0

  init(_ noise: GradientNoise, position: NoisePosition, samples: Int, period: Int) {
    self.noise = noise
    self.samples = samples
    self.period = period
    stream = position.stream
    events = RandomEvents(.quarter, stream: stream)
    pairs = UniformPairs(position)
    scale =
      switch noise {
      case .gaussian(let deviation), .sparse(let deviation):
        deviation / Double(samples).squareRoot()
      case .skewed: 5 / Double(samples)
      case .studentT(let degrees): degrees
      }
  }

  /// The noise of the next coordinate.
  mutating func next() -> Double {
    switch noise {
    case .gaussian:
      return scale == 0 ? 0 : scale * normal()
    case .sparse:
      defer { index += 1 }
      return index % period == 0 && scale != 0 ? scale * stream.normal(at: index) : 0
    case .skewed:
      return scale * Double(events.count(of: samples)) - 1.25
    case .studentT(let degrees):
      var sum = 0.0
      for _ in 0..<samples { sum += studentT(degrees: degrees) }
      return sum / Double(samples)
    }
  }

  /// The next of `RandomStream.normal(at:)`, to the bit.
  private mutating func normal() -> Double {
    let (u, v) = pairs.next()
    return (-2 * log(1 - u)).squareRoot() * cos(2 * Double.pi * v)
  }

  /// The next number of Student's t distribution, see `GradientNoise.studentT`.
  private mutating func studentT(degrees: Double) -> Double {
    let (u, v) = pairs.next()
    // expm1 keeps the digits that U^(-2/ν) - 1 loses for large ν.
    let radius = (degrees * expm1(-2 * log(1 - u) / degrees)).squareRoot()
    return radius * cos(2 * Double.pi * v)
  }
}

extension NoisePosition {
  /// The random numbers of this position.
  var stream: RandomStream {
    RandomStream(seed: seed, purpose: .gradientNoise, owner: rank, step: step)
  }
}
