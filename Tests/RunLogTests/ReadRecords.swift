import Foundation

@testable import RunLog

extension LogRecord {
  /// Reads a line by Foundation's decoder, which shares no code with the program's own scanner.
  ///
  /// nil when its `type` is unknown.
  init?(line: some StringProtocol) throws {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    let data = Data(line.utf8)
    switch try decoder.decode([String: JSONType].self, from: data)["type"]?.name {
    case "run": self = .run(try decoder.decode(RunRecord.self, from: data))
    case "step": self = .step(try decoder.decode(StepRecord.self, from: data))
    case "evaluation": self = .evaluation(try decoder.decode(EvaluationRecord.self, from: data))
    case "checkpoint": self = .checkpoint(try decoder.decode(CheckpointRecord.self, from: data))
    case "event": self = .event(try decoder.decode(EventRecord.self, from: data))
    case "summary": self = .summary(try decoder.decode(SummaryRecord.self, from: data))
    default: return nil
    }
  }
}

/// A member of any kind; its text, where it is one.
private struct JSONType: Decodable {
  let name: String?

  init(from decoder: any Decoder) throws {
    name = try? decoder.singleValueContainer().decode(String.self)
  }
}

/// The records of a log line by line; nil where a line is none.
func readRecords(_ path: String) throws -> [LogRecord?] {
  try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
    try? LogRecord(line: $0)
  }
}
