import Datasets
import Foundation
import Networks
import SignDescent
package import Voting

extension TrainingOptions {
  /// Checks all options against each other, before any data is read.
  ///
  /// - Throws: The first option that cannot be used, in one line.
  public func validate() throws(OptionError) {
    try checkRanges()
    try checkCounts()
    try checkExchange()
    try checkMomentum()
    try checkClients()
    try checkAdversaries()
    try checkModel()
    try checkRateScaling()
    try checkComputeType()
    try checkCheckpoints()
    try checkOutputs()
  }

  private func checkOutputs() throws(OptionError) {
    for (flag, other) in [("--log", log), ("--checkpoint", checkpoint)] {
      if let save, let other, Self.place(of: save) == Self.place(of: other) {
        throw OptionError("--save and \(flag) need paths of their own: found \(save) for both")
      }
    }
  }

  /// The file that a path leads to, whether or not it is there.
  private static func place(of path: String) -> URL {
    let file = URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath()
    return file.deletingLastPathComponent().resolvingSymlinksInPath()
      .appendingPathComponent(file.lastPathComponent)
  }

  private func checkRanges() throws(OptionError) {
    for (flag, weight) in [("--momentum", momentum), ("--interpolation", interpolation)] {
      if let weight, !(weight >= 0 && weight < 1) {
        throw OptionError("\(flag) must lie in [0, 1): found \(weight)")
      }
    }
    let rates = [("--lr", learningRate), ("--local-lr", localLearningRate), ("--clip", clip)]
    for (flag, rate) in rates {
      if let rate, !(rate > 0 && rate.isFinite) {
        throw OptionError("\(flag) must be a positive number: found \(rate)")
      }
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
    if !(labelSmoothing >= 0 && labelSmoothing < 1) {
      throw OptionError("--label-smoothing must lie in [0, 1): found \(labelSmoothing)")
    }
    if let simulateGradient, !(simulateGradient > 0 && simulateGradient < collectiveTimeout * 1e3) {
      throw OptionError(
        "--simulate-gradient takes milliseconds above 0 and below --collective-timeout: found "
          + "\(simulateGradient)")
    }
  }

  private func checkCounts() throws(OptionError) {
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
    if accumulate < 1 || accumulate > 1 << 20 {
      throw OptionError("--accumulate must lie in 1...2^20: found \(accumulate)")
    }
    if logEvery < 1 { throw OptionError("--log-every must be 1 or more: found \(logEvery)") }
    switch length {
    case .epochs(let count) where count < 0:
      throw OptionError("--epochs must be 0 or more: found \(count)")
    case .steps(let count) where count < 0 || count >= Self.stepLimit:
      throw OptionError("--steps must lie in 0..<2^40: found \(count)")
    default: break
    }
  }

  /// More steps than any run has.
  static let stepLimit = 1 << 40

  /// Refuses options of another kind of exchange than the algorithm's.
  private func checkExchange() throws(OptionError) {
    let name = algorithm.rawValue
    if let coding, coding != .none {
      guard algorithm.exchange == .vote else {
        throw OptionError("--coding belongs to algorithms that vote, not to \(name)")
      }
      if let route, !Self.codedRoutes.contains(route) {
        throw OptionError(
          "--coding \(coding.rawValue) needs messages of our own: use --vote "
            + Self.codedRoutes.map(\.rawValue).joined(separator: " or ")
            + ", not \(route.rawValue)")
      }
    }
    switch algorithm.exchange {
    case .vote:
      if mean != nil {
        throw OptionError("--mean belongs to sgd, sgd-momentum, adamw; \(name) votes")
      }
    case .scaledSigns:
      if mean != nil {
        throw OptionError("--mean belongs to sgd, sgd-momentum, adamw, not to \(name)")
      }
      if signRule != nil {
        throw OptionError("--sign-rule belongs to votes; \(name) has signs with scales and no ties")
      }
      if let route, !Self.scaledRoutes.contains(route) {
        throw OptionError(
          "--vote \(route.rawValue) cannot carry the scales of \(name): use "
            + Self.scaledRoutes.map(\.rawValue).joined(separator: " or "))
      }
    case .mean:
      if signRule != nil || route != nil {
        throw OptionError("--sign-rule and --vote belong to algorithms that vote; \(name) averages")
      }
    }
  }

  /// The routes whose messages can be coded.
  package static let codedRoutes: [Route] = [.exchange, .gather]

  /// The routes that carry a scale for each tensor beside the signs.
  static let scaledRoutes: [Route] = [.exchange, .gather]

  private func checkMomentum() throws(OptionError) {
    let name = algorithm.rawValue
    if algorithm.defaultMomentum == nil, momentum != nil {
      let other = algorithm.exchange == .vote ? "signum" : "sgd-momentum"
      throw OptionError("\(name) has no momentum; use --algorithm \(other)")
    }
    if interpolation != nil, algorithm != .lion {
      throw OptionError("--interpolation belongs to lion, not to \(name)")
    }
    if clip != nil, votesWithSignsOfOneGradient {
      throw OptionError(
        "--clip changes no sign of a single gradient, and \(name) votes with those here")
    }
    let stochastic: [Algorithm] = [.signumStochastic, .signumFederated, .ssvr]
    if radius != nil, !stochastic.contains(algorithm) {
      throw OptionError(
        "--radius belongs to \(stochastic.map(\.rawValue).joined(separator: ", ")); "
          + "the signs of \(name) are deterministic")
    }
    guard schedule.definesMomentum else { return }
    let defined: [Algorithm] = [.signum, .signumExtrapolated, .signumStochastic, .signumFederated]
    if !defined.contains(algorithm) {
      throw OptionError(
        "--schedule paper belongs to \(defined.map(\.rawValue).joined(separator: ", ")), "
          + "whose momentum it defines")
    }
    if momentum != nil {
      throw OptionError("--schedule paper defines the momentum: leave --momentum out")
    }
  }

  /// Whether the size of a gradient changes nothing of a ballot.
  private var votesWithSignsOfOneGradient: Bool {
    guard algorithm.exchange == .vote, algorithm != .signumStochastic, radius == nil else {
      return false
    }
    if algorithm == .lion { return interpolation == 0 }
    return (momentum ?? algorithm.defaultMomentum ?? 0) == 0 && (cohort?.localSteps ?? 1) < 2
  }

  private func checkClients() throws(OptionError) {
    guard let cohort else { return }
    guard algorithm.isFederated || algorithm == .sgd else {
      throw OptionError(
        "--clients, --participation, --local-steps and --local-lr belong to signum-federated "
          + "and sgd, not to \(algorithm.rawValue)")
    }
    guard cohort.clients >= 1, cohort.clients <= 1 << 24 else {
      throw OptionError("--clients must lie in 1...2^24: found \(cohort.clients)")
    }
    guard cohort.localSteps >= 1, cohort.localSteps <= 1 << 20 else {
      throw OptionError("--local-steps must lie in 1...2^20: found \(cohort.localSteps)")
    }
    guard cohort.participation > 0, cohort.participation <= 1 else {
      throw OptionError("--participation must lie in (0, 1]: found \(cohort.participation)")
    }
    guard (cohort.participation * Double(cohort.clients)).rounded() >= 1 else {
      throw OptionError(
        "--participation \(cohort.participation) of \(cohort.clients) clients rounds to none: "
          + "give at least \(0.5 / Double(cohort.clients))")
    }
  }

  private func checkAdversaries() throws(OptionError) {
    guard adversaries >= 0, adversaries < 1 else {
      throw OptionError("--adversaries must lie in [0, 1): found \(adversaries)")
    }
    if attack != nil, adversaries == 0 {
      throw OptionError("--attack needs --adversaries, the share of those who attack")
    }
    if adversaries > 0, algorithm.exchange != .vote {
      throw OptionError(
        "--adversaries replace ballots of a vote; \(algorithm.rawValue) holds none")
    }
  }

  /// Checks that the share of adversaries is at least one of so many voters.
  ///
  /// - Throws: The option, in one line: a run without the adversaries it asks for shows nothing.
  func checkAdversaries(among voters: Int) throws(OptionError) {
    guard adversaries > 0, (adversaries * Double(voters)).rounded() < 1 else { return }
    throw OptionError(
      "--adversaries \(adversaries) of \(voters) voters rounds to none: give at least "
        + "\(0.5 / Double(voters))")
  }

  private func checkModel() throws(OptionError) {
    if model != .mlp, hidden != nil { throw OptionError("--hidden belongs to --model mlp") }
    try checkText()
    if model == .logistic || model.isClosedForm, labelSmoothing > 0 {
      throw OptionError("--label-smoothing belongs to networks, not to --model \(model)")
    }
    if stopAt != nil, model == .gpt {
      throw OptionError("--model gpt has no accuracy to --stop-at")
    }
    if stopAt != nil, evaluateEvery == 0 {
      throw OptionError("--stop-at needs evaluations before the end: found --evaluate-every 0")
    }
    if stopAt != nil, batch == .full, evaluateEvery == nil {
      throw OptionError("--stop-at with --batch full needs --evaluate-every, in steps")
    }
    guard case .closedForm(let form) = model else { return }
    if stopAt != nil { throw OptionError("--model \(form) has no accuracy to --stop-at") }
    if data != nil { throw OptionError("--model \(form) takes no --data") }
    if validation > 0 { throw OptionError("--model \(form) has no samples to hold out") }
    if batch == .full { throw OptionError("--model \(form) has no full batch: give a number") }
    if partition != nil { throw OptionError("--model \(form) has no samples to divide") }
    if augmentation != nil { throw OptionError("--model \(form) has no images to --augment") }
    if accumulate > 1 {
      throw OptionError("--model \(form) takes no --accumulate: give a larger --batch")
    }
    if case .epochs = length {
      throw OptionError("--model \(form) has no epochs: give --steps")
    }
  }

  /// The scaling is that of updates whose size is γ, in networks.
  private func checkRateScaling() throws(OptionError) {
    guard learningRateScaling != .none else { return }
    if model == .logistic || model.isClosedForm {
      throw OptionError("--lr-scaling belongs to networks, not to --model \(model)")
    }
    guard algorithm.exchange == .vote || algorithm == .adamw else {
      throw OptionError(
        "--lr-scaling belongs to algorithms that vote and to adamw; the updates of "
          + "\(algorithm.rawValue) have the size of gradients")
    }
  }

  /// Only networks have products of another type.
  private func checkComputeType() throws(OptionError) {
    guard computeType == .float32 || !(model == .logistic || model.isClosedForm) else {
      throw OptionError("--dtype belongs to networks, not to --model \(model)")
    }
  }

  /// A GPT and texts belong together.
  private func checkText() throws(OptionError) {
    guard model == .gpt else {
      if gpt != GPTOptions() {
        throw OptionError(
          "--layers, --heads, --width, --context, --tie and --dropout belong to --model gpt, not to "
            + "\(model)")
      }
      if let data, let source = try? DataSource(parsing: data), source.isText {
        throw OptionError("--data \(source) is a text: use --model gpt")
      }
      return
    }
    try gpt.validate()
    if let source = try? DataSource(parsing: dataName), !source.isText {
      throw OptionError("--model gpt takes --data bible or text:FILE: found \(source)")
    }
  }
}
