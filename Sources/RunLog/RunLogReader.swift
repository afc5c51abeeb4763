internal import Foundation

/// The records of a log, and what was not understood.
public struct RunLogReader: Sendable {
  /// The records in the order of the file.
  public let records: [LogRecord]
  /// The lines that are no records, such as one cut off when a run was killed.
  public let problems: [RunLogError]

  /// Reads a log.
  ///
  /// Empty lines and records of unknown type are skipped; lines that are no records are listed in
  /// `problems`.
  ///
  /// - Throws: `RunLogError` when the file cannot be read.
  public init(path: String) throws(RunLogError) {
    guard access(path, R_OK) == 0 else {
      throw RunLogError(file: path, .unreadable(reason: String(cString: strerror(errno))))
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw RunLogError(file: path, .unreadable(reason: "a folder or a failing disk"))
    }
    var records: [LogRecord] = []
    var problems: [RunLogError] = []
    let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !line.isEmpty {
      do {
        if let record = try LogRecord(line: String(decoding: line, as: UTF8.self)) {
          records.append(record)
        }
      } catch {
        let reason = Self.reason(of: error)
        problems.append(RunLogError(file: path, line: index + 1, .notARecord(reason: reason)))
      }
    }
    self.records = records
    self.problems = problems
  }

  private static func reason(of error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "no '\(key.stringValue)'"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "an unsuitable '\(context.codingPath.map(\.stringValue).joined(separator: "."))'"
    default: "no JSON object"
    }
  }
}
