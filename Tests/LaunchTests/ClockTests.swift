import Foundation
import TestSupport
import Testing

extension LaunchTests {
  /// Machines whose wall clock is set while a run is under way: libfaketime stands in for it.
  @Suite struct Clocks {
    @Test func wallClockJumps_changesNothing() async throws {
      let flags = [
        "simulate-gradient": "20", "steps": "150", "log-every": "1", "evaluate-every": "0",
      ]
      let calm = try await TrainRun.run(flags)
      try await withTemporaryFolder { folder in
        let offset = folder.appendingPathComponent("offset")
        func set(_ days: Int) throws {
          try Data("\(days < 0 ? "" : "+")\(days)d\n".utf8).write(to: offset, options: .atomic)
        }
        try set(-3650)
        let jumps = Task {
          var days = 3650
          while true {
            try await Task.sleep(for: .seconds(1))
            try set(days)
            days.negate()
          }
        }
        defer { jumps.cancel() }
        let checkpoints = folder.appendingPathComponent("checkpoints").path
        let run = try await TrainRun.run(
          flags.merging(["checkpoint": checkpoints, "checkpoint-every": "0.01m"]) { $1 },
          environment: [
            "LD_PRELOAD": "libfaketime.so.1",
            "LD_LIBRARY_PATH": "/usr/lib/\(Self.architecture)-linux-gnu/faketime",
            "FAKETIME_TIMESTAMP_FILE": offset.path, "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
          ])
        #expect(try run.weightHash() == calm.weightHash())
        let started = try run.only("run").text("startedAt")
        let year = try #require(Int(started.prefix(4)))
        let now = Calendar(identifier: .gregorian).component(.year, from: Date())
        #expect(abs(year - now) >= 9, "the clock was not set: \(started)")
        for step in run.records("step").dropFirst() {
          let seconds = try step.record("stepSeconds").number("maximum")
          #expect(seconds >= 0.02 && seconds < 5, "\(step)")
        }
        // A checkpoint every 0.6 s of a run of 3 s at least, and one at its end.
        #expect(run.records("checkpoint").count >= 4, "\(run.outcome)")
      }
    }

    private static var architecture: String {
      #if arch(arm64)
        "aarch64"
      #else
        "x86_64"
      #endif
    }
  }
}
