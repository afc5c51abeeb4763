import SignDescent

extension TrainingOptions {
  /// Checks all options against each other, before any data is read.
  ///
  /// - Throws: The first option that cannot be used, in one line.
  public func validate() throws(OptionError) {
    try checkRanges()
    try checkFit()
  }

  /// Whether a length without samples (the quadratic's) was asked for in epochs.
  private var isQuadratic: Bool {
    if case .quadratic = model { true } else { false }
  }

  private func checkRanges() throws(OptionError) {
    if let momentum, !(momentum >= 0 && momentum < 1) {
      throw OptionError("--momentum must lie in [0, 1): found \(momentum)")
    }
    if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
      throw OptionError("--lr must be a positive number: found \(learningRate)")
    }
    if !(weightDecay >= 0 && weightDecay.isFinite) {
      throw OptionError("--weight-decay must be 0 or a positive number: found \(weightDecay)")
    }
    if weightDecay * (learningRate ?? algorithm.defaultLearningRate) >= 1 {
      throw OptionError("--weight-decay times --lr must stay below 1: found \(weightDecay)")
    }
    if !(collectiveTimeout > 0 && collectiveTimeout <= 1e6) {
      throw OptionError("--collective-timeout takes seconds above 0: found \(collectiveTimeout)")
    }
    if let hidden, hidden.contains(where: { $0 < 1 }) || hidden.count > 64 {
      throw OptionError("--hidden takes at most 64 positive widths, as in 256,256")
    }
    if let threads, threads < 1 || threads > 4096 {
      throw OptionError("--threads must lie in 1...4096: found \(threads)")
    }
    let counts = [
      ("--evaluate-every", evaluateEvery ?? 0), ("--validation", validation),
      ("--check-replicas", checkReplicas), ("--max-abstentions", maximumAbstentions),
    ]
    for (flag, count) in counts where count < 0 {
      throw OptionError("\(flag) must be 0 or more: found \(count)")
    }
    if logEvery < 1 { throw OptionError("--log-every must be 1 or more: found \(logEvery)") }
    switch length {
    case .epochs(let count) where count < 0:
      throw OptionError("--epochs must be 0 or more: found \(count)")
    case .steps(let count) where count < 0 || count >= 1 << 40:
      throw OptionError("--steps must lie in 0..<2^40: found \(count)")
    default: break
    }
  }

  /// Refuses options that this run would ignore.
  private func checkFit() throws(OptionError) {
    if algorithm.votes, mean != nil {
      throw OptionError("--mean belongs to sgd and sgd-momentum; \(algorithm.rawValue) votes")
    }
    if !algorithm.votes, signRule != nil || route != nil {
      throw OptionError(
        "--sign-rule and --vote belong to algorithms that vote; \(algorithm.rawValue) averages")
    }
    if algorithm.defaultMomentum == nil, momentum != nil {
      let other = algorithm.votes ? "signum" : "sgd-momentum"
      throw OptionError("\(algorithm.rawValue) has no momentum; use --algorithm \(other)")
    }
    if schedule.definesMomentum {
      if algorithm != .signum {
        throw OptionError("--schedule paper belongs to signum, whose momentum it defines")
      }
      if momentum != nil {
        throw OptionError("--schedule paper defines the momentum: leave --momentum out")
      }
    }
    if model != .mlp, hidden != nil { throw OptionError("--hidden belongs to --model mlp") }
    guard isQuadratic else { return }
    if data != nil { throw OptionError("--model quadratic takes no --data") }
    if validation > 0 { throw OptionError("--model quadratic has no samples to hold out") }
    if batch == .full { throw OptionError("--model quadratic has no full batch: give a number") }
    if case .epochs = length {
      throw OptionError("--model quadratic has no epochs: give --steps")
    }
  }
}
