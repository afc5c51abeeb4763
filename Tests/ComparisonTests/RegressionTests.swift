import Foundation
import RunLog
import Testing

@testable import Comparison

@Suite("Baselines")
struct RegressionTests {
  private static func noisy(_ identifier: String, _ factor: Double, spread: Double = 0.04)
    -> SyntheticLog
  {
    SyntheticLog(identifier: identifier, ranks: 2).with {
      $0.stepSeconds = (0..<40).map { place in
        0.010 * factor * (1 + spread * (Double(place * 7 % 11) / 5 - 1))
      }
    }
  }

  /// The exit code and what is complained of.
  private func judge(
    _ now: [SyntheticLog], _ before: [SyntheticLog], tolerance: Double = 0.05
  ) throws -> (status: Int32, complaints: [String]) {
    try withLogs(now) { folder in
      try withLogs(before) { baseline in
        var program = CompareProgram()
        program.paths = [folder]
        program.baseline = baseline
        program.tolerance = tolerance
        var complaints: [String] = []
        let status = try program.run(print: { _ in }, complain: { complaints.append($0) })
        return (status, complaints)
      }
    }
  }

  @Test func tenPercentSlower_turnsTheExitCode_andNamesTheFigure() throws {
    let result = try judge([Self.noisy("a", 1.1)], [Self.noisy("b", 1)])
    #expect(result.status == 1)
    #expect(result.complaints.count == 1)
    #expect(result.complaints.first?.contains("step seconds is 10 % worse") == true)
    #expect(try judge([Self.noisy("a", 1.1)], [Self.noisy("b", 1)], tolerance: 0.2).status == 0)
  }

  @Test func noiseAndImprovement_doNot() throws {
    #expect(try judge([Self.noisy("a", 1.02)], [Self.noisy("b", 1)]).status == 0)
    #expect(try judge([Self.noisy("a", 0.8)], [Self.noisy("b", 1)]).status == 0)
    // 8 % slower, but steps of one run scatter by 60 %.
    #expect(
      try judge([Self.noisy("a", 1.08, spread: 0.6)], [Self.noisy("b", 1, spread: 0.6)]).status == 0
    )
    // Repetitions that overlap, though their medians are 10 % apart.
    let before = [1.0, 1.0, 1.3].enumerated().map { Self.noisy("b\($0)", $1) }
    let now = [1.1, 1.1, 1.2].enumerated().map { Self.noisy("a\($0)", $1) }
    #expect(try judge(now, before).status == 0)
    #expect(try judge(now, Array(before.prefix(2))).status == 1)
  }

  @Test func moreBytesLossOrLessAccuracy_turnIt() throws {
    let base = Self.noisy("b", 1)
    for (figure, change): (String, (inout SyntheticLog) -> Void) in [
      ("bytes sent per parameter", { $0.bytes = 300_000 }), ("final loss", { $0.loss = 0.6 }),
      ("accuracy", { $0.accuracy = 0.8 }),
    ] {
      let result = try judge([Self.noisy("a", 1).with(change)], [base])
      #expect(result.status == 1 && result.complaints.contains { $0.contains(figure) })
    }
  }

  @Test func otherCommit_isStillComparable_otherWorkIsNot() throws {
    let commit = Self.noisy("a", 1.2).with { $0.head["commit"] = "\"new\"" }
    #expect(try judge([commit], [Self.noisy("b", 1)]).status == 1)
    let other = Self.noisy("a", 1).with { $0.parameters = 5 }
    #expect(throws: NothingToCompare.self) { try judge([other], [Self.noisy("b", 1)]) }
    #expect(throws: RunLogError.self) { try judge([], [Self.noisy("b", 1)]) }
  }
}
