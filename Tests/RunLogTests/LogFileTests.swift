import Foundation
import Testing

@testable import RunLog

/// Hand-made logs: each is handled or refused with file and line.
@Suite("Logs from elsewhere")
struct LogFileTests {
  static let head =
    #"{"type":"run","schemaVersion":1,"runIdentifier":"a","startedAt":"2026-01-01T00:00:00Z","#
    + #""configuration":{"algorithm":"signum"},"ranks":2,"parameters":1000,"batch":64}"#

  static func step(_ step: Int, seconds: String = "0.01", loss: String = "0.5") -> String {
    #"{"type":"step","step":\#(step),"loss":\#(loss),"samples":128,"samplesPerSecond":6400,"#
      + #""stepSeconds":{"median":\#(seconds),"p95":0.02,"maximum":0.03},"#
      + #""voteWaitSeconds":{"median":0.004,"p95":0.005,"maximum":0.006},"#
      + #""bytesSentPerRank":125,"bytesReceivedPerRank":126,"bytesModelled":true}"#
  }

  static let summary =
    #"{"type":"summary","steps":2,"trainingSeconds":0.04,"finalLoss":0.25,"accuracy":null,"#
    + #""exitReason":"completed"}"#

  private func read(_ text: String) throws -> LogFile {
    let path = NSTemporaryDirectory() + "signum-log-\(UUID().uuidString).jsonl"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return try LogFile(path: path)
  }

  private func read(_ lines: [String]) throws -> LogFile {
    try read(lines.joined(separator: "\n") + "\n")
  }

  @Test func run_isReadWithItsFigures() throws {
    let log = try read([Self.head, Self.step(1), Self.step(3, loss: "0.25"), Self.summary])
    #expect(log.problems.isEmpty && log.unlistedProblems == 0)
    let run = try #require(log.runs.first)
    #expect(log.runs.count == 1 && run.line == 1 && run.identifier == "a")
    #expect(run.ranks == 2 && run.parameters == 1000 && run.batch == 64)
    #expect(run.configuration == [.init("algorithm", .string("signum"))])
    let last = try #require(run.steps.last)
    // Three steps of 125 bytes; two intervals of 128 samples at 6400 a second.
    #expect(last.step == 3 && last.bytes == 375 && last.samples == 256 && last.seconds == 0.04)
    #expect(last.loss == 0.25 && last[.step].maximum == 0.03 && last[.voteWait].p95 == 0.005)
    #expect(last[.gradient].median.isNaN && run.areBytesModelled)
    #expect(run.summary?.finalLoss == 0.25 && run.summary?.accuracy == nil)
  }

  @Test func windowsLineEndsBlankLinesAndMark_areRead() throws {
    let log = try read(
      "\u{FEFF}" + [Self.head, "", Self.step(1), "  ", Self.summary].joined(separator: "\r\n"))
    #expect(log.problems.isEmpty)
    #expect(log.runs.first?.steps.count == 1 && log.runs.first?.summary != nil)
  }

  @Test func membersInAnyOrder_andUnknownOnes_areRead() throws {
    let line =
      #"{"later":[{"deep":[1,"]"]}],"stepSeconds":{"p95":1,"more":{},"median":2e-2},"#
      + #""s\"t":null,"step":7,"type":"step"}"#
    let log = try read([Self.head, line, #"{"type":"later","x":1}"#])
    #expect(log.problems.isEmpty && log.runs.first?.steps.last?.step == 7)
    #expect(log.runs.first?.steps.last?[.step].median == 0.02)
  }

  @Test(arguments: [
    ("\"ranks\":2,", "", "'ranks'"), ("\"ranks\":2", "\"ranks\":0", "'ranks'"),
    ("\"ranks\":2", "\"ranks\":\"two\"", "'ranks'"), ("\"ranks\":2", "\"ranks\":1e99", "'ranks'"),
    ("\"parameters\":1000", "\"parameters\":-1", "'parameters'"),
    ("\"runIdentifier\":\"a\",", "", "'runIdentifier'"),
    ("\"schemaVersion\":1", "\"schemaVersion\":2", "expected schemaVersion 1, found 2"),
    ("\"schemaVersion\":1,", "", "'schemaVersion'"),
  ])
  func headThatCannotCount_isRefusedWithItsSteps(old: String, new: String, reason: String) throws {
    let bad = Self.head.replacingOccurrences(of: old, with: new)
    #expect(bad != Self.head)
    let other = Self.head.replacingOccurrences(of: "\"a\"", with: "\"b\"")
    let log = try read([bad, Self.step(1), other, Self.step(1), Self.step(2)])
    #expect(log.runs.map(\.identifier) == ["b"] && log.runs.first?.steps.count == 2)
    #expect(log.problems.map(\.line) == [1])
    let text = try #require(log.problems.first?.description)
    #expect(text.contains(reason) && text.contains(".jsonl:1:"), "\(text)")
  }

  @Test func lastLineCutOff_isNamedAndTheRestCounts() throws {
    let whole = [Self.head, Self.step(1), Self.step(2)].joined(separator: "\n")
    for cut in [1, 30, 120] {
      let log = try read(String(whole.dropLast(cut)))
      #expect(log.problems == [RunLogError(file: log.problems[0].file, line: 3, .cutOff)])
      #expect(log.runs.first?.steps.count == 1)
    }
    // In the middle it is no record.
    let log = try read([Self.head, String(Self.step(1).dropLast(9)), Self.step(2)])
    #expect(log.problems.map(\.line) == [2] && log.runs.first?.steps.count == 1)
    #expect(log.problems.first?.description.contains("remove the line") == true)
  }

  @Test(arguments: ["\"NaN\"", "NaN", "\"Infinity\"", "-0.5"])
  func timeThatIsNone_leavesTheLineOut(seconds: String) throws {
    let log = try read([Self.head, Self.step(1, seconds: seconds), Self.step(2)])
    #expect(log.problems.map(\.line) == [2], "\(log.problems)")
    #expect(log.problems.first?.description.contains("'stepSeconds.median'") == true)
    #expect(log.runs.first?.steps.count == 1)
  }

  @Test(arguments: ["\"NaN\"", "NaN", "\"Infinity\""])
  func lossThatIsNotFinite_isKept(loss: String) throws {
    let log = try read([Self.head, Self.step(1, loss: loss), Self.step(2)])
    #expect(log.problems.isEmpty && log.runs.first?.steps.count == 2)
    #expect(log.runs.first?.steps.entries.first?.loss.isFinite == false)
  }

  @Test func stepsBeforeAnyHead_areLeftOutOnce() throws {
    let log = try read([Self.step(1), Self.step(2), Self.head, Self.step(1)])
    #expect(log.problems.map(\.line) == [1] && log.problems[0].defect == .headless)
    #expect(log.runs.first?.steps.count == 1)
  }

  @Test func stepsBackwards_areLeftOut() throws {
    let log = try read([Self.head, Self.step(5), Self.step(5), Self.step(4), Self.step(6)])
    #expect(log.problems.map(\.line) == [3, 4])
    #expect(log.runs.first?.steps.entries.map(\.step) == [5, 6])
  }

  @Test func sameRunTwice_isRefused_andResumeGoesOn() throws {
    let again = try read([Self.head, Self.step(1), Self.head, Self.step(1)])
    #expect(again.problems.map(\.line) == [3] && again.runs.count == 1)
    #expect(again.problems[0].description.contains(":1 again"), "\(again.problems)")
    let later = Self.head.replacingOccurrences(of: "00:00Z", with: "05:00Z")
    // The run wrote step 3 and was killed; its checkpoint was of step 1.
    let log = try read([
      Self.head, Self.step(1), Self.step(2), Self.step(3), later, Self.step(2), Self.step(4),
    ])
    #expect(log.problems.isEmpty && log.runs.count == 1)
    #expect(log.runs[0].resumed == 1 && log.runs[0].steps.entries.map(\.step) == [1, 2, 4])
    #expect(log.runs[0].steps.last?.bytes == 500)
  }

  /// What was evaluated after the checkpoint is forgotten, whichever record comes first.
  @Test func resumedRun_forgetsTheEvaluationsThatItMakesAgain() throws {
    func evaluation(_ step: Int, _ split: String = "test") -> String {
      #"{"type":"evaluation","step":\#(step),"split":"\#(split)","samples":9,"loss":1}"#
    }
    let first = [
      Self.head, Self.step(1), evaluation(2), Self.step(3), evaluation(4), evaluation(4, "train"),
      evaluation(6),
    ]
    let later = Self.head.replacingOccurrences(of: "00:00Z", with: "05:00Z")
    // Its checkpoint was of step 3.
    for second in [[Self.step(4), evaluation(4)], [evaluation(4), Self.step(4)]] {
      let log = try read(first + [later] + second + [Self.step(5), evaluation(6)])
      #expect(log.problems.isEmpty && log.runs.count == 1)
      let found = log.runs[0].evaluations.map { "\($0.split) \($0.step)" }
      #expect(found == ["test 2", "test 4", "test 6"])
    }
  }

  @Test func runThatGoesOnWithOtherRanks_isLeftOutFromThere() throws {
    let later = Self.head.replacingOccurrences(of: "00:00Z", with: "05:00Z")
      .replacingOccurrences(of: #""ranks":2"#, with: #""ranks":1"#)
    let log = try read([Self.head, Self.step(1), later, Self.step(2)])
    #expect(log.problems.map(\.defect) == [.otherRanks(found: 1, line: 1, before: 2)])
    #expect(log.runs.count == 1 && log.runs[0].steps.count == 1)
  }

  @Test func manyBadLines_areCounted() throws {
    let log = try read([Self.head] + Array(repeating: "nonsense", count: 50))
    #expect(log.problems.count == LogFile.listedProblems && log.unlistedProblems == 30)
  }

  @Test(arguments: [
    "[", "{", "}", "{\"type\"", "{\"type\":}", "{\"type\":\"step\"", "{\"type\":\"step\",}",
    "{\"type\":\"step\",\"step\":1.5}", "{\"type\":\"step\",\"step\":\"1\"}",
    "{\"type\":\"step\",\"step\":1,\"stepSeconds\":3}", "{\"type\":3}", "\"", "\\", "\u{0}", "nul",
    "{\"type\":\"run\",\"x\":\"\\q\"}", "{\"type\":\"step\",\"step\":1}}",
    "{\"type\":\"evaluation\"}", "{\"type\":\"summary\"}",
    "{\"type\":\"step\",\"step\":-9223372036854775808}",
    "{\"type\":\"step\",\"step\":1,\"samples\":1e300,\"samplesPerSecond\":1e-300}",
    "{\"type\":\"run\",\"x\":" + String(repeating: "[", count: 100_000),
    "{\"type\":\"step\",\"loss\":" + String(repeating: "9", count: 100_000) + "}",
  ])
  func nonsense_isNamedWithItsLine(line: String) throws {
    let log = try read([Self.head, line, Self.step(1)])
    #expect(log.problems.map(\.line) == [2], "\(line.prefix(60)): \(log.problems)")
    #expect(log.runs.first?.steps.count == 1)
  }

  @Test func missingFileAndFolder_areRefused() {
    #expect(throws: RunLogError.self) { try LogFile(path: "/nowhere/log.jsonl") }
    #expect(throws: RunLogError.self) { try LogFile(path: NSTemporaryDirectory()) }
  }
}

@Suite("Step histories")
struct StepHistoryTests {
  @Test func millionSteps_areThinnedEvenlyWithExactSums() {
    var history = StepHistory()
    for step in 1...1_000_000 {
      var entry = StepHistory.Entry()
      entry.step = step
      entry.samples = 2
      entry.seconds = 0.5
      entry.bytesSent = 3
      history.append(entry)
    }
    #expect(history.count == 1_000_000 && history.entries.count <= StepHistory.capacity)
    #expect(history.entries.count >= StepHistory.capacity / 4)
    let gaps = Set(zip(history.entries, history.entries.dropFirst()).map { $1.step - $0.step })
    #expect(gaps.count == 1, "\(gaps)")
    #expect(history.last?.samples == 2e6 && history.last?.seconds == 5e5)
    #expect(history.last?.bytes == 3e6)
  }
}
