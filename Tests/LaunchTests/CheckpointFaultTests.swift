import Foundation
import TestSupport
import Testing

extension LaunchTests {
  /// Folders that are full, read-only, gone, in use, or hold damaged checkpoints.
  @Suite struct CheckpointFaults {
    @Test func newestDamaged_theOneBeforeIsTaken() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder)
        _ = try await run.launch()
        let hash = try run.hash()
        let path = "\(run.checkpoints)/step-00000040/rank-00001-of-00002.safetensors"
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        data[data.count / 2] ^= 4
        try data.write(to: URL(fileURLWithPath: path))
        let rest = try await run.launch()
        #expect(rest.succeeded, "\(rest)")
        #expect(
          rest.lines(with: ["step 40 is not used", "rank-00001-of-00002", "hash"]).count == 1,
          "\(rest)")
        #expect(!rest.lines(with: ["resumed from step 35"]).isEmpty, "\(rest)")
        #expect(try run.hash() == hash)
        let events = try run.records("event").map { try $0.text("event") }
        #expect(events.contains("fallback"))
        #expect(run.names().contains("step-00000040.damaged"), "\(run.names())")
      }
    }

    @Test func allDamaged_isRefused_andNothingIsLost() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder)
        _ = try await run.launch()
        let names = run.names()
        for name in names where name.hasPrefix("step-") {
          try FileManager.default.removeItem(atPath: "\(run.checkpoints)/\(name)/manifest.json")
        }
        let again = try await run.launch()
        #expect(again.wasRefused, "\(again)")
        for step in [35, 40] {
          #expect(
            again.lines(with: ["step \(step) is not used", "manifest.json", "none"]).count == 1,
            "\(again)")
        }
        #expect(run.names() == names)
      }
    }

    @Test func folderInUse_secondRunIsRefused() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder, ["steps": "100000"])
        let first = Task { try await run.launch() }
        while run.names().count < 3 { try await Task.sleep(for: .milliseconds(20)) }
        let second = try await run.launch()
        BadInput.expectRefusal(second, words: ["another run", "process"])
        signalOne(with: run.checkpoints, SIGTERM) { ranks, _ in ranks.first }
        #expect(try await first.value.ending == .exited(85))
      }
    }

    @Test func folderVanishes_theRunGoesOn_andSaysSo() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(in: folder, ["steps": "3000", "checkpoint-every": "100"])
        let launch = Task { try await run.launch() }
        while run.names().count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        // Renamed, not removed: in one step, whatever is being written there.
        try FileManager.default.moveItem(
          atPath: run.checkpoints, toPath: folder.appendingPathComponent("elsewhere").path)
        let outcome = try await launch.value
        // All steps are done, but the last checkpoint is not there: the exit code says so.
        #expect(outcome.ending == .exited(1), "\(outcome)")
        #expect(!outcome.lines(with: ["no checkpoint"]).isEmpty, "\(outcome)")
        #expect(try run.hash() == (await run.unbrokenHash()))
      }
    }

    /// A file system of 600 kB, where tests may mount one.
    private static func withSmallDisk(_ body: (URL) async throws -> Void) async throws {
      try await withTemporaryFolder { folder in
        let mount = try await Program.outcome(
          of: "mount", ["-t", "tmpfs", "-o", "size=600k", "tmpfs", folder.path])
        #expect(mount.succeeded, "\(mount)")
        do {
          try await body(folder)
        } catch {
          _ = try await Program.outcome(of: "umount", ["-l", folder.path])
          throw error
        }
        _ = try await Program.outcome(of: "umount", ["-l", folder.path])
      }
    }

    private static let mayMount = getuid() == 0

    @Test(.enabled(if: mayMount, "mounting a small disk needs root"))
    func fullDisk_losesNothingThatWasSaved() async throws {
      try await Self.withSmallDisk { disk in
        // Two checkpoints fit, three do not: there are never more than keep + 1.
        let run = try CheckpointedRun(
          in: disk, ["hidden": "500", "keep": "2", "checkpoint-every": "10"])
        let outcome = try await run.launch()
        #expect(outcome.ending == .exited(1), "\(outcome)")
        #expect(!outcome.lines(with: ["No space left on device"]).isEmpty, "\(outcome)")
        #expect(!outcome.lines(with: ["no checkpoint", "untouched"]).isEmpty, "\(outcome)")
        #expect(run.names().contains("step-00000010"), "\(run.names())")
        #expect(!run.names().contains { $0.contains("partial") }, "\(run.names())")
        let rest = try await run.launch(["checkpoint-every": "1000", "keep": "1"])
        #expect(!rest.lines(with: ["resumed from step"]).isEmpty, "\(rest)")
      }
    }

    @Test(.enabled(if: mayMount, "mounting a read-only disk needs root"))
    func readOnlyFolder_isRefusedAtTheStart() async throws {
      try await Self.withSmallDisk { disk in
        let remount = try await Program.outcome(
          of: "mount", ["-o", "remount,ro", disk.path])
        #expect(remount.succeeded, "\(remount)")
        let run = try CheckpointedRun(in: disk)
        let flags = TrainRun.arguments(run.flags) + ["--checkpoint", run.checkpoints]
        BadInput.expectRefusal(
          try await Program.mpirun(2, ["train"] + flags), words: ["checkpoints", "Read-only"])
      }
    }

    @Test func replicaDrifts_majorityIsSaved() async throws {
      try await withTemporaryFolder { folder in
        let run = try CheckpointedRun(
          in: folder, ranks: 3, ["check-replicas": "5", "checkpoint-every": "1000"])
        let broken = try await run.launch(fault: "drift:0:11")
        #expect(!broken.succeeded)
        #expect(broken.lines(with: ["step 15", "rank 0", "differ"]).count == 1, "\(broken)")
        #expect(!broken.lines(with: ["step 16", "parameters of rank 1"]).isEmpty, "\(broken)")
        let rest = try await run.launch()
        #expect(rest.succeeded, "\(rest)")
        #expect(!rest.lines(with: ["resumed from step 16"]).isEmpty, "\(rest)")
      }
    }
  }
}
