import Foundation
import Testing

/// A run of `signum train` with checkpoints, over one or more launches.
struct CheckpointedRun {
  let folder: URL
  let ranks: Int
  let flags: [String: String]

  /// A run in a folder.
  init(in folder: URL, ranks: Int = 2, _ changes: [String: String] = [:]) throws {
    self.folder = folder
    self.ranks = ranks
    flags = try TrainRun.baseFlags().merging(["checkpoint-every": "5"]) { $1 }
      .merging(changes) { $1 }
      .filter { $0.key != "hidden" || changes["model"] == nil }
  }

  /// The folder of its checkpoints, a text that only its processes have among their arguments.
  var checkpoints: String { folder.appendingPathComponent("checkpoints").path }

  /// Its log.
  var log: URL { folder.appendingPathComponent("log.jsonl") }

  /// Starts the run, or goes on with it.
  func launch(
    ranks: Int? = nil, _ changes: [String: String] = [:], extra: [String] = [],
    fault: String = "", limitSeconds: Int = 200
  ) async throws -> Outcome {
    let flags = flags.merging(changes) { $1 }.merging([
      "checkpoint": checkpoints, "log": log.path,
    ]) { $1 }
    return try await Program.mpirun(
      ranks ?? self.ranks, ["train"] + TrainRun.arguments(flags) + extra,
      environment: ["SIGNUM_FAULT": fault], limitSeconds: limitSeconds)
  }

  /// The hash that the last launch of the run ended with.
  func hash() throws -> String {
    let last = try #require(try records("summary").last)
    try #require(try last.text("exitReason") == "completed")
    return try last.text("weightHash")
  }

  /// The records of a type in the log, of all launches.
  func records(_ type: String) throws -> [Record] {
    let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    return try text.split(separator: "\n").compactMap { line in
      // A line that a kill cut off is ended by the next launch.
      guard let value = try? JSONSerialization.jsonObject(with: Data(line.utf8)),
        let fields = value as? [String: Any]
      else { return nil }
      return Record(fields: try #require(fields["type"] != nil ? fields : nil))
    }.filter { $0.type == type }
  }

  /// What lies in the folder of its checkpoints.
  func names() -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []).sorted()
  }

  /// The hash of the same run without checkpoints.
  func unbrokenHash() async throws -> String {
    var changes: [String: String?] = flags.filter {
      !["checkpoint-every", "checkpoint-memory", "keep"].contains($0.key)
    }
    if flags["hidden"] == nil { changes["hidden"] = .some(nil) }
    return try await TrainRun.run(ranks: ranks, changes).weightHash()
  }
}
