import Foundation
import TestSupport
import Testing

extension LaunchTests {
  /// `compare`, `predict` and `export` on logs of real runs.
  @Suite struct Compare {
    /// Runs on some numbers of ranks, three logs each where asked for.
    private func withRuns<R>(
      ranks: [Int], _ changes: [String: String] = [:], repetitions: Int = 1,
      _ body: (URL) async throws -> R
    ) async throws -> R {
      try await withTemporaryFolder { folder in
        for count in ranks {
          for repetition in 1...repetitions {
            let log = folder.appendingPathComponent("n\(count)-\(repetition).jsonl").path
            let flags = [
              "model": "quadratic:20000:1", "steps": "30", "log-every": "2", "threads": "1",
              "seed": "\(repetition)", "vote": "exchange", "coding": "none",
            ].merging(changes) { _, new in new }
            let run = try await Program.mpirun(
              count, ["train"] + TrainRun.arguments(flags) + ["--log", log])
            try #require(run.succeeded, "\(run)")
          }
        }
        return try await body(folder)
      }
    }

    @Test func compare_realRuns_inEveryFormat() async throws {
      try await withRuns(ranks: [1, 2], repetitions: 2) { folder in
        let text = try await Program.run(["compare", folder.path])
        #expect(text.succeeded && text.output.contains("Weak scaling"), "\(text)")
        #expect(text.output.contains("4 runs in 4 files, 2 configurations"), "\(text)")
        #expect(!text.output.contains("\u{1B}"), "colours where there is no terminal: \(text)")
        let json = try await Program.run(["compare", folder.path, "--format", "json"])
        let object = try #require(
          JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect((object["weakScaling"] as? [Any])?.count == 1 && object["phases"] != nil)
        let csv = try await Program.run(["compare", folder.path, "--format", "csv"])
        #expect(csv.output.contains("label,ranks,batch,repetitions,stepSeconds,stepSecondsLow,"))
        let page = try await Program.run(["compare", folder.path, "--format", "markdown"])
        #expect(page.output.contains("| runs | N |") || page.output.contains("| N |"), "\(page)")
        let glob = try await Program.run(["compare", folder.path + "/n1-*.jsonl"])
        #expect(glob.output.contains("2 runs in 2 files, 1 configuration"), "\(glob)")
        let base = try await Program.run(["compare", folder.path, "--base", "3"])
        #expect(base.output.contains("no run has 3 ranks") && base.output.contains("of 1, 2"))
      }
    }

    /// The gate on runs whose steps take twice as long: how fine it is, is tested on logs of known
    /// times, because the clock of a busy machine decides about a few percent.
    @Test func compare_withItself_isNoRegression_paddedRunIs() async throws {
      try await withRuns(ranks: [2], ["simulate-gradient": "60"]) { before in
        let same = try await Program.run(["compare", before.path, "--baseline", before.path])
        #expect(same.succeeded, "\(same)")
        try await withRuns(ranks: [2], ["simulate-gradient": "120"]) { now in
          let run = try await Program.run([
            "compare", now.path, "--baseline", before.path, "--tolerance", "0.5",
          ])
          #expect(run.ending == .exited(1), "\(run)")
          #expect(run.output.contains("step seconds is") && run.output.contains("REGRESSION"))
        }
        try await withRuns(ranks: [2], ["simulate-gradient": "60"]) { again in
          let run = try await Program.run([
            "compare", again.path, "--baseline", before.path, "--tolerance", "0.5",
          ])
          #expect(run.succeeded, "\(run)")
        }
      }
    }

    @Test(arguments: [
      ["compare", "/nowhere/at-all"], ["compare"], ["export", "/nowhere/at-all"],
      ["predict", "/nowhere/at-all"], ["compare", "x", "--tolerance", "-1"],
      ["compare", "x", "--target-accuracy", "2"], ["compare", "x", "--target-loss", "nan"],
      ["compare", "x", "--format", "html"],
      ["predict", "x", "--link-gbps", "0"], ["predict", "x", "--ranks-per-node", "0"],
    ])
    func nonsense_isRefusedInOneLine(arguments: [String]) async throws {
      let run = try await Program.run(arguments)
      #expect(run.wasRefused && run.lines.count == 1, "\(run)")
    }

    @Test func simulateGradient_padsTheStepAndChangesNoBit() async throws {
      let base = try await TrainRun.run()
      let padded = try await TrainRun.run(["simulate-gradient": "5", "log-every": "10"])
      #expect(try padded.weightHash() == base.weightHash())
      for record in padded.records("step") {
        let gradient = try record.record("gradientSeconds")
        #expect(try gradient.number("median") >= 0.005 && gradient.number("median") < 0.05)
      }
    }

    @Test func predict_checksOnRunsThatWereLeftOut() async throws {
      try await withRuns(ranks: [2, 3, 4], ["simulate-gradient": "20"]) { folder in
        let run = try await Program.run([
          "predict", folder.path, "--fit-up-to", "3", "--tolerance", "0.5", "--up-to", "16",
        ])
        #expect(run.succeeded, "\(run)")
        #expect(run.output.contains("Check on runs that were not used in the fit"))
        let none = try await Program.run([
          "predict", folder.path, "--fit-up-to", "4", "--tolerance", "0.5",
        ])
        #expect(
          none.ending == .exited(1) && none.output.contains("no run was left over"), "\(none)")
      }
    }

    /// Extra-P's own command line fits what is exported, and mlperf-logging's own parser reads every
    /// line.
    @Test func export_isReadByTheOutsideTools() async throws {
      try await withRuns(ranks: [1, 2, 3, 4, 6, 8]) { folder in
        let lines = try await Program.run(["export", folder.path, "--format", "extra-p"])
        try #require(lines.succeeded, "\(lines)")
        let file = folder.appendingPathComponent("extra-p.txt")
        try Data(lines.output.utf8).write(to: file)
        let python = URL(fileURLWithPath: try Program.python())
        let extraP = python.deletingLastPathComponent().appendingPathComponent("extrap").path
        let fit = try await Program.outcome(
          of: extraP, ["--json", file.path, "--median", "--disable-progress"])
        #expect(fit.succeeded, "\(fit)")
        let paths = Set(lines.output.matches(of: /"callpath":"([^"]*)"/).map { String($0.1) })
        #expect(paths.count == 5, "\(paths)")
        for path in paths { #expect(fit.output.contains("Callpath: \(path)"), "\(fit)") }
        #expect(fit.output.contains("Measurement point: (8.00E+00)"), "\(fit)")
        #expect(fit.output.components(separatedBy: "Model: ").count > 5, "\(fit)")

        let mlPerf = try await Program.run(["export", folder.path, "--format", "mlperf"])
        let log = folder.appendingPathComponent("mlperf.txt")
        try Data(mlPerf.output.utf8).write(to: log)
        let script = """
          import sys
          from mlperf_logging.compliance_checker import mlp_parser
          found, errors = mlp_parser.parse_file(sys.argv[1], ruleset='5.0.0')[:2]
          print(len(found), len(errors))
          """
        let read = try await Program.outcome(of: python.path, ["-c", script, log.path])
        #expect(read.succeeded && read.lines.last == "\(mlPerf.lines.count) 0", "\(read)")

        let csv = try await Program.run(["export", folder.path])
        let counts = Set(csv.lines.map { $0.filter { $0 == "," }.count })
        #expect(csv.lines.count == 7 && csv.lines[0].hasPrefix("runIdentifier,"), "\(csv)")
        #expect(counts.count == 1 || csv.output.contains("\""), "\(csv)")
      }
    }

    /// Sums that no whole number holds, as a log from elsewhere may have.
    @Test func exportOfHugeFigures_isWritten() async throws {
      try await withTemporaryFolder { folder in
        let log = folder.appendingPathComponent("huge.jsonl")
        let lines = [
          #"{"type":"run","schemaVersion":1,"runIdentifier":"a","startedAt":"2026-01-01T00:00:00Z","#
            + #""configuration":{},"ranks":1,"parameters":9,"batch":1}"#,
          #"{"type":"step","step":1,"samples":1e300,"samplesPerSecond":0,"#
            + #""stepSeconds":{"median":1e38}}"#,
          #"{"type":"evaluation","step":1,"split":"test","samples":9,"loss":1}"#,
        ]
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: log)
        let export = try await Program.run(["export", log.path, "--format", "mlperf"])
        #expect(export.succeeded && export.output.contains("eval_loss"), "\(export)")
      }
    }
  }
}
