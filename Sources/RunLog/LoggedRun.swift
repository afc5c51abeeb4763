/// A run as its log tells it, without the MPI library that ran it.
public struct LoggedRun: Sendable {
  /// An evaluation.
  public struct Evaluation: Sendable {
    /// The number of steps done.
    public var step: Int
    /// Which samples: `train`, `validation` or `test`.
    public var split: String
    /// The number of samples.
    public var samples: Int
    /// The mean loss.
    public var loss: Double
    /// The share of samples whose class was found.
    public var accuracy: Double?
  }

  /// The end of a run.
  public struct Summary: Sendable {
    /// The number of steps done.
    public var steps: Int
    /// The time of all steps.
    public var trainingSeconds: Double
    /// The loss of the last evaluation, or of the last step.
    public var finalLoss: Double
    /// The accuracy of the last evaluation.
    public var accuracy: Double?
    /// Why the run ended.
    public var exitReason: String
  }

  /// The log as it was named.
  public let file: String
  /// The number of the line of the run's head.
  public let line: Int
  /// The text that names the run.
  public let identifier: String
  /// When the run started, as it is written.
  public let startedAt: String
  /// The number of ranks, at least 1.
  public let ranks: Int
  /// The number of parameters, at least 1.
  public let parameters: Int
  /// The number of samples a rank takes in a step.
  public let batch: Int?
  /// Every member of the head, in its order.
  public let head: [JSONValue.Member]
  /// The logged steps.
  public internal(set) var steps = StepHistory()
  /// The evaluations in order.
  public internal(set) var evaluations: [Evaluation] = []
  /// The end of the run; nil where it is not finished.
  public internal(set) var summary: Summary?
  /// How often the run went on from a checkpoint.
  public internal(set) var resumed = 0
  /// Whether bytes are those of a named algorithm and not counted.
  public internal(set) var areBytesModelled = false

  /// The value of a member of the head.
  public subscript(name: String) -> JSONValue? { head.first { $0.name == name }?.value }

  /// The flags of the command line with their values.
  public var configuration: [JSONValue.Member] {
    if case .object(let members)? = self["configuration"] { members } else { [] }
  }
}

extension LoggedRun {
  /// Reads the head of a run.
  ///
  /// - Throws: `RunLogError.Defect` when a member that everything depends on is missing.
  init(head value: JSONValue, file: String, line: Int) throws(RunLogError.Defect) {
    guard case .object(let members) = value else { throw .notARecord(reason: "no JSON object") }
    self.file = file
    self.line = line
    head = members
    func find(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }
    guard case .integer(let version)? = find("schemaVersion") else {
      throw .notARecord(reason: "a run without a whole 'schemaVersion'")
    }
    guard version == RunRecord.currentSchemaVersion else { throw .otherSchema(found: version) }
    func count(_ name: String) throws(RunLogError.Defect) -> Int {
      guard case .integer(let value)? = find(name), value >= 1, value <= 1 << 53 else {
        throw .notARecord(reason: "a run whose '\(name)' is no positive number")
      }
      return value
    }
    guard case .string(let identifier)? = find("runIdentifier") else {
      throw .notARecord(reason: "a run without a 'runIdentifier'")
    }
    self.identifier = identifier
    startedAt = if case .string(let text)? = find("startedAt") { text } else { "" }
    ranks = try count("ranks")
    parameters = try count("parameters")
    batch = if case .integer(let value)? = find("batch"), value >= 1 { value } else { nil }
  }
}
