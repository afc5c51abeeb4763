import Foundation
import Testing

/// A run of `signum train` and its log.
struct TrainRun {
  let outcome: Outcome
  let log: [Record]

  /// The flags of the base run: a small network, 40 steps, learnable images.
  static func baseFlags() throws -> [String: String] {
    [
      "model": "mlp", "hidden": "16", "data": "idx:\(try TestData.shared.get().images)",
      "batch": "16", "steps": "40", "lr": "0.005", "threads": "1",
    ]
  }

  /// Runs `signum train` on so many ranks.
  ///
  /// - Parameters:
  ///   - changes: What differs from the base run; nil takes a flag away.
  ///   - extra: Arguments beside these flags.
  ///   - keep: A folder for the log, where it is needed after the run.
  static func run(
    ranks: Int = 2, _ changes: [String: String?] = [:], extra: [String] = [],
    environment: [String: String] = [:], limitSeconds: Int = 60
  ) async throws -> TrainRun {
    try await withTemporaryFolder { folder in
      let log = folder.appendingPathComponent("log.jsonl")
      let flags = try baseFlags().merging(changes.compactMapValues(\.self)) { _, new in new }
        .filter { flag in !(changes[flag.key].map { $0 == nil } ?? false) }
      let outcome = try await Program.mpirun(
        ranks, ["train"] + arguments(flags) + extra + ["--log", log.path],
        environment: environment, limitSeconds: limitSeconds)
      return TrainRun(outcome: outcome, log: try Record.read(log))
    }
  }

  /// Flags as arguments.
  static func arguments(_ flags: [String: String]) -> [String] {
    flags.sorted { $0.key < $1.key }.flatMap { ["--\($0.key)", $0.value] }
  }

  /// The run's only record of this type.
  func only(_ type: String) throws -> Record {
    let found = log.filter { $0.type == type }
    try #require(found.count == 1, "\(found.count) records '\(type)' in the log; \(outcome)")
    return found[0]
  }

  /// The records of this type.
  func records(_ type: String) -> [Record] { log.filter { $0.type == type } }

  /// The hash of the final parameters, from the summary of a run that ended well.
  func weightHash() throws -> String {
    try #require(outcome.succeeded, "\(outcome)")
    let hash = try only("summary").text("weightHash")
    #expect(hash.count == 16 && hash.allSatisfy(\.isHexDigit), "weightHash '\(hash)'")
    return hash
  }
}

/// One line of a run log, read without the program's own reader.
struct Record: CustomStringConvertible {
  let fields: [String: Any]

  /// All lines of a log; none where there is no file.
  static func read(_ file: URL) throws -> [Record] {
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
    try #require(text.isEmpty || text.hasSuffix("\n"), "the last line is not ended")
    return try text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
      let value = try JSONSerialization.jsonObject(with: Data($0.utf8))
      return Record(fields: try #require(value as? [String: Any], "not an object: \($0)"))
    }
  }

  var type: String { fields["type"] as? String ?? "" }

  var description: String { "\(fields)" }

  func text(_ name: String) throws -> String {
    try #require(fields[name] as? String, "no text '\(name)' in \(self)")
  }

  func number(_ name: String) throws -> Double {
    let value = try #require(fields[name] as? NSNumber, "no number '\(name)' in \(self)")
    return value.doubleValue
  }

  func truth(_ name: String) throws -> Bool {
    try #require(fields[name] as? Bool, "no true or false '\(name)' in \(self)")
  }

  func record(_ name: String) throws -> Record {
    Record(fields: try #require(fields[name] as? [String: Any], "no object '\(name)' in \(self)"))
  }
}
