internal import Foundation

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

  /// Reads a line.
  ///
  /// - Returns: nil when the line is JSON but its `type` is unknown, as of a later version.
  /// - Throws: `DecodingError` when the line is no JSON or a member is missing.
  public init?(line: some StringProtocol) throws {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    let data = Data(line.utf8)
    switch try decoder.decode(TypeOnly.self, from: data).type {
    case "run": self = .run(try decoder.decode(RunRecord.self, from: data))
    case "step": self = .step(try decoder.decode(StepRecord.self, from: data))
    case "evaluation": self = .evaluation(try decoder.decode(EvaluationRecord.self, from: data))
    case "checkpoint": self = .checkpoint(try decoder.decode(CheckpointRecord.self, from: data))
    case "event": self = .event(try decoder.decode(EventRecord.self, from: data))
    case "summary": self = .summary(try decoder.decode(SummaryRecord.self, from: data))
    default: return nil
    }
  }

  private struct TypeOnly: Codable {
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
