/// Something that does not happen in every run.
public struct EventRecord: Hashable, Sendable, Codable {
  /// The kind of an event; kinds of later versions survive.
  public struct Kind: RawRepresentable, Hashable, Sendable, Codable {
    /// The text in the log.
    public let rawValue: String

    /// A kind by its text.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A rank abstained in a tensor or a step.
    public static let abstention = Kind(rawValue: "abstention")
    /// The run goes on from a checkpoint.
    public static let resume = Kind(rawValue: "resume")
    /// A signal arrived.
    public static let signal = Kind(rawValue: "signal")
    /// A route or a kernel was replaced by another one.
    public static let fallback = Kind(rawValue: "fallback")
    /// Ranks died and the others go on.
    public static let rankDeath = Kind(rawValue: "rankDeath")
    /// The ranks' parameters differ.
    public static let replicasDiffer = Kind(rawValue: "replicasDiffer")
    /// Something the user should know.
    public static let warning = Kind(rawValue: "warning")
  }

  /// What happened.
  public var event: Kind
  /// The number of steps done.
  public var step: Int
  /// The ranks it concerns.
  public var ranks: [Int]
  /// The hosts of these ranks, where they matter.
  public var hosts: [String]?
  /// The tensor it concerns.
  public var tensor: String?
  /// One line for people.
  public var message: String

  /// An event.
  public init(
    event: Kind, step: Int, ranks: [Int], hosts: [String]? = nil, tensor: String? = nil,
    message: String
  ) {
    self.event = event
    self.step = step
    self.ranks = ranks
    self.hosts = hosts
    self.tensor = tensor
    self.message = message
  }
}
