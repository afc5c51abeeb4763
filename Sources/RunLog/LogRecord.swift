/// A line of a run's log: a JSON object whose member `type` says which record it is.
///
/// Numbers that are not finite stand as the texts "NaN", "Infinity" and "-Infinity", since JSON
/// has no such numbers. A member without a value is left out.
public enum LogRecord: Hashable, Sendable {
  /// The head of a run: `run`.
  case run(RunRecord)
  /// A step: `step`.
  case step(StepRecord)
  /// An evaluation: `evaluation`.
  case evaluation(EvaluationRecord)
  /// A complete checkpoint: `checkpoint`.
  case checkpoint(CheckpointRecord)
  /// An event: `event`.
  case event(EventRecord)
  /// The end of a run: `summary`.
  case summary(SummaryRecord)

  /// The record as JSON on one line, without a line end; `type` comes first, the other members
  /// in the order of their declaration.
  public var line: String {
    get throws { try JSONValue(encoding: self).text }
  }

  private struct TypeOnly: Encodable {
    var type: String
  }
}

extension LogRecord: Encodable {
  /// Encodes the type and then the record's members into one object.
  public func encode(to encoder: any Encoder) throws {
    let (type, record): (String, any Encodable) =
      switch self {
      case .run(let record): ("run", record)
      case .step(let record): ("step", record)
      case .evaluation(let record): ("evaluation", record)
      case .checkpoint(let record): ("checkpoint", record)
      case .event(let record): ("event", record)
      case .summary(let record): ("summary", record)
      }
    try TypeOnly(type: type).encode(to: encoder)
    try record.encode(to: encoder)
  }
}
