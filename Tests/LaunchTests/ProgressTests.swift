import Foundation
import Testing

extension LaunchTests {
  /// What a person sees of a run.
  @Suite struct Progress {
    private static let columns = 60

    private static func arguments() throws -> [String] {
      let flags = try TrainRun.baseFlags()
        .merging(["steps": "300", "log-every": "20", "evaluate-every": "100"]) { $1 }
      return ["train"] + TrainRun.arguments(flags)
    }

    /// Runs the command in a terminal of 60 columns; what the terminal got.
    private static func inTerminal(_ command: [String]) async throws -> String {
      let quoted = command.map { "'\($0)'" }.joined(separator: " ")
      let run = try await Program.outcome(
        of: "script",
        ["-qec", "stty cols \(columns) rows 24; \(quoted)", "/dev/null"])
      try #require(run.succeeded, "\(run)")
      return run.output.replacingOccurrences(of: "\r\n", with: "\n")
    }

    @Test func withoutATerminal_plainLines() async throws {
      let run = try await Program.mpirun(2, Self.arguments())
      try #require(run.succeeded, "\(run)")
      let text = run.output.replacingOccurrences(of: "\r\n", with: "\n")
      #expect(!text.contains("\r") && !text.contains("\u{1B}"), "\(text)")
      let progress = run.lines(with: ["step", "/300", "loss", "samples/s"])
      #expect(progress.count >= 10 && progress.count <= 17, "\(run)")
      #expect(run.lines.contains { $0.contains("accuracy") })
    }

    @Test func inATerminal_oneLineIsRewritten() async throws {
      let alone = try await Self.inTerminal([Program.executable()] + Self.arguments())
      try Self.expectRewritten(alone)
      let launched = try await Self.inTerminal(
        ["mpirun", "-np", "2", Program.executable()] + Self.arguments())
      try Self.expectRewritten(launched)
    }

    private static func expectRewritten(_ text: String) throws {
      let pieces = text.components(separatedBy: "\r").map {
        $0.replacing(/\u{1B}\[[0-9;]*[A-Za-z]/, with: "")
      }
      #expect(pieces.count > 3, "no rewriting: \(text.debugDescription)")
      let progress = pieces.filter { $0.contains("step") && $0.contains("/300") }
      #expect(progress.count > 2, "\(text.debugDescription)")
      for piece in progress {
        let first = piece.split(separator: "\n").first ?? ""
        #expect(first.count <= columns, "\(first.count) columns: '\(first)'")
      }
      #expect(text.contains("accuracy"))
    }
  }
}
