internal import AlignedBuffers
internal import CounterRandom
internal import SignBits
internal import SignDescent

/// Plain loops, one coordinate at a time, that share no code with the kernels.
extension Workspace {
  /// Calls a kernel and compares its answer with a plain loop's.
  ///
  /// Leaves inputs behind that the next kernels can work on.
  mutating func check(_ kernel: Kernel) throws(BenchmarkError) {
    try compare(.triad)
    try compare(kernel)
  }

  private mutating func compare(_ kernel: Kernel) throws(BenchmarkError) {
    let wrong: Int?
    switch kernel {
    case .triad: wrong = firstWrongTriad()
    case .momentum(let rule): wrong = firstWrongMomentum(rule)
    case .lion: wrong = firstWrongLion()
    case .storm: wrong = firstWrongStorm()
    case .lookAhead: wrong = firstWrongLookAhead()
    case .stochastic: wrong = firstWrongStochastic()
    case .pack: wrong = firstWrongPack()
    case .update(let decay): wrong = firstWrongUpdate(decay: decay)
    default: wrong = firstWrongBit(kernel)
    }
    if let wrong {
      throw .wrongAnswer(
        of: kernel.name, reference: "a plain loop", parameters: count, coordinate: wrong)
    }
  }

  private mutating func firstWrongTriad() -> Int? {
    run(.triad)
    return (0..<count).first { sum[$0] != gradient[$0] + Self.scale * parameters[$0] }
  }

  private mutating func firstWrongMomentum(_ rule: SignRule) -> Int? {
    Self.copy(momentum, to: &sum)
    run(.momentum(rule))
    return (0..<count).first { index in
      let expected = Self.average(sum[index], gradient[index], theta: Self.theta)
      return momentum[index].bitPattern != expected.bitPattern
        || ballot[index] != Self.sign(expected, rule)
    }
  }

  private mutating func firstWrongLion() -> Int? {
    Self.copy(momentum, to: &sum)
    run(.lion)
    return (0..<count).first { index in
      let kept = Self.average(sum[index], gradient[index], theta: Self.keptTheta)
      let vote = Self.average(sum[index], gradient[index], theta: Self.theta)
      return momentum[index].bitPattern != kept.bitPattern
        || ballot[index] != Self.sign(vote, .fair)
    }
  }

  private mutating func firstWrongStorm() -> Int? {
    Self.copy(momentum, to: &sum)
    run(.storm)
    return (0..<count).first { index in
      let correction = Float(Self.theta) * (sum[index] - parameters[index])
      let expected = Self.flushed(gradient[index] + correction)
      return momentum[index].bitPattern != expected.bitPattern
        || ballot[index] != Self.sign(expected, .fair)
    }
  }

  private mutating func firstWrongLookAhead() -> Int? {
    Self.copy(gradient, to: &sum)
    run(.lookAhead)
    let reach = Float(Self.theta / (1 - Self.theta))
    return (0..<count).first { index in
      let way = reach * (parameters[index] - gradient[index])
      return sum[index] != parameters[index] + way
    }
  }

  private mutating func firstWrongStochastic() -> Int? {
    run(.stochastic)
    let stream = RandomStream(seed: Self.seed, purpose: .stochasticSign)
    let radius = Double(Self.radius)
    return (0..<count).first { index in
      let draw = Double(stream.block(at: index / 4)[index % 4])
      let value = gradient[index]
      let isNegative = draw < (radius - Double(value)) / (2 * radius) * 0x1p32
      return ballot[index] != (value == 0 ? 0 : isNegative ? -1 : 1)
    }
  }

  /// θ·m + (1−θ)·g, flushed.
  private static func average(_ old: Float, _ gradient: Float, theta: Double) -> Float {
    let past = Float(theta) * old
    return flushed(past + Float(1 - theta) * gradient)
  }

  private static func flushed(_ value: Float) -> Float { value.isNormal ? value : 0 }

  private mutating func firstWrongPack() -> Int? {
    run(.pack)
    return (0..<count).first { ballot[$0] != Self.sign(gradient[$0], .fair) }
  }

  private mutating func firstWrongUpdate(decay: Bool) -> Int? {
    Self.copy(parameters, to: &sum)
    run(.update(decay: decay))
    let shrink = decay ? Float(1 - Self.learningRate * Self.weightDecay) : 1
    let rate = Float(Self.learningRate)
    return (0..<count).first { index in
      let shrunk = shrink * sum[index]
      return parameters[index] != shrunk - rate * Float(verdict[index])
    }
  }

  private static func copy(
    _ source: borrowing AlignedBuffer<Float>, to target: inout AlignedBuffer<Float>
  ) {
    for index in 0..<source.count { target[index] = source[index] }
  }

  private static func sign(_ value: Float, _ rule: SignRule) -> Int {
    if value == 0 { return rule == .positive ? 1 : 0 }
    return value < 0 ? -1 : 1
  }
}
