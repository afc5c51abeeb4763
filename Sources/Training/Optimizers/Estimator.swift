import SignBits
import SignDescent

/// How the gradient of a voter becomes its momentum and the signs that it votes with.
enum Estimator {
  /// `signum` and its variants: the exponential moving average.
  case momentum(MomentumPass)
  /// `lion`: signs of one average, memory in another.
  case lion(LionPass)
  /// `ssvr`: the recursive estimator, which needs a second gradient at the previous parameters.
  case storm(StormPass)

  /// The estimator of an algorithm.
  init(_ algorithm: Algorithm, momentum: Double, interpolation: Double, rule: SignRule) {
    switch algorithm {
    case .lion:
      self = .lion(LionPass(momentum: momentum, interpolation: interpolation, rule: rule))
    case .ssvr: self = .storm(StormPass(momentum: momentum, rule: rule))
    default: self = .momentum(MomentumPass(momentum: momentum, rule: rule))
    }
  }

  /// Whether it needs the gradient at the previous parameters too.
  var needsPreviousGradient: Bool {
    if case .storm = self { true } else { false }
  }

  /// Updates a voter's momentum and writes its signs.
  ///
  /// - Parameters:
  ///   - momentum: d numbers.
  ///   - gradient: d numbers.
  ///   - previous: The gradient of the same samples at the previous parameters, where it is needed.
  ///   - coordinates: Those to do; nil: all.
  ///   - ballot: The signs.
  /// - Returns: Whether all gradients are finite.
  func run(
    momentum: consuming MutableSpan<Float>, gradient: Span<Float>, previous: Span<Float>,
    coordinates: Range<Int>? = nil, into ballot: inout SignPlanes
  ) -> Bool {
    switch self {
    case .momentum(let pass):
      pass.run(
        momentum: momentum, gradient: gradient, coordinates: coordinates, into: &ballot)
    case .lion(let pass):
      pass.run(
        momentum: momentum, gradient: gradient, coordinates: coordinates, into: &ballot)
    case .storm(let pass):
      pass.run(
        estimate: momentum, gradient: gradient, previous: previous, coordinates: coordinates,
        into: &ballot)
    }
  }
}
