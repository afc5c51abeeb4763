import Foundation
import RunLog

/// The runs of several logs, and what was left out of them.
public struct LogCollection: Sendable {
  /// The runs in the order of the files.
  private(set) var runs: [LoggedRun] = []
  /// Votes that were timed by themselves.
  private(set) var votes: [VoteTiming] = []
  /// What was left out and why, a line each.
  public private(set) var problems: [String] = []
  /// The number of files.
  let files: Int

  /// Reads logs.
  ///
  /// - Parameter paths: Files, folders whose `.jsonl` files at any depth are taken, and patterns
  ///   such as `runs/np*.jsonl`, where the shell has not replaced them.
  /// - Throws: `RunLogError` when a file cannot be read or nothing is found.
  public init(_ paths: [String]) throws {
    let files = try paths.flatMap(Self.files)
    self.files = files.count
    for file in files {
      let log = try LogFile(path: file)
      problems += log.problems.map(\.description)
      if log.unlistedProblems > 0 {
        problems.append("\(file): \(log.unlistedProblems) more lines are left out")
      }
      votes += log.votes
      for run in log.runs { add(run) }
    }
  }

  private mutating func add(_ run: LoggedRun) {
    if let known = runs.first(where: { $0.identifier == run.identifier }) {
      let error = RunLogError(
        file: run.file, line: run.line,
        .sameRun(identifier: run.identifier, file: known.file, line: known.line))
      problems.append(error.description)
      return
    }
    if run.steps.count == 0 {
      problems.append("\(run.file):\(run.line): expected steps of the run, found none; left out")
      return
    }
    if run.summary == nil {
      problems.append(
        "\(run.file):\(run.line): the run has no summary: it was stopped or still runs; what is "
          + "there counts")
    }
    runs.append(run)
  }

  private static func files(_ path: String) throws -> [String] {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else { return [path] }
      let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
      let files = names.filter { $0.hasSuffix(".jsonl") }.sorted()
      guard !files.isEmpty else {
        throw RunLogError(file: path, .unreadable(reason: "a folder without .jsonl files"))
      }
      return files.map { (path as NSString).appendingPathComponent($0) }
    }
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(path, 0, nil, &found) == 0 else {
      throw RunLogError(file: path, .unreadable(reason: "nothing of this name"))
    }
    return (0..<Int(found.gl_pathc)).compactMap { place in
      found.gl_pathv[place].map { String(cString: $0) }
    }
  }
}
