/// A vote that was timed by itself, as `signum bench vote --log` writes it.
public struct VoteTiming: Hashable, Sendable {
  /// The route, or `fp32` for the reduction of fp32 gradients.
  public var route = ""
  /// The number of ranks.
  public var ranks = 0
  /// The number of parameters.
  public var parameters = 0
  /// The rate of the links in Gbit/s, where it was given.
  public var linkGbps: Double?
  /// The median time.
  public var seconds = Double.nan

  /// Reads the members that a prediction needs.
  init(_ scanner: inout JSONScanner) throws {
    var vote = VoteTiming()
    try scanner.members { (scanner, name) throws(JSONDefect) in
      switch () {
      case _ where scanner.name(name, is: "route"): vote.route = try scanner.string()
      case _ where scanner.name(name, is: "ranks"): vote.ranks = try scanner.integer()
      case _ where scanner.name(name, is: "parameters"): vote.parameters = try scanner.integer()
      case _ where scanner.name(name, is: "linkGbps"):
        if !scanner.skipNull() { vote.linkGbps = try scanner.number() }
      case _ where scanner.name(name, is: "medianSeconds"): vote.seconds = try scanner.number()
      default: try scanner.skip()
      }
    }
    try scanner.finish()
    guard vote.ranks >= 1, vote.parameters >= 1, vote.seconds.isFinite, vote.seconds >= 0,
      vote.linkGbps ?? 1 > 0
    else {
      throw RunLogError.Defect.notARecord(
        reason: "a vote without positive 'ranks', 'parameters', 'medianSeconds'")
    }
    self = vote
  }

  private init() {}
}
