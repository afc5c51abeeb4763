import Foundation
import TestSupport
import Testing

@testable import RunLog

/// Whatever a log holds, the reader tells records from what is none.
@Suite("Fuzzed logs")
struct FuzzTests {
  @Test func log_isReadWithItsProblems() throws {
    let path = NSTemporaryDirectory() + "fuzz-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let lines = try allRecords().map { Array(try $0.line.utf8) }
    var fuzzer = Fuzzer(
      corpus: lines + [Array(lines.joined(separator: [10]))],
      words: ["{", "}", "[[[[[[", "\"type\":\"step\"", "null", "\"NaN\"", "\n", "\\ud800"], seed: 5)
    let result = try fuzzer.run { bytes in
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let log = try LogFile(path: path)
      for problem in log.problems { try #require(!problem.description.contains("\n")) }
      for run in log.runs {
        let steps = run.steps.entries.map(\.step)
        try #require(zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 } && run.ranks > 0)
      }
      return log.problems.isEmpty
    }
    #expect(result.accepted > 0 && result.refused > 0, "\(result)")
    #expect(result.megabytes < 256, "\(result)")
  }
}
