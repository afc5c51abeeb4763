import Foundation
import TestSupport
import Testing

private let mayRun =
  ProcessInfo.processInfo.environment["SIGNUM_EXECUTABLE"] != nil
  && ["/usr/sbin/slurmctld", "/usr/bin/srun"].allSatisfy(
    FileManager.default.isExecutableFile(atPath:))

/// The job scripts in `Jobs`, submitted to a real Slurm of two nodes on this host.
///
/// They run where Slurm is installed and `SIGNUM_EXECUTABLE` names the program, as `Jobs/test.sh` has
/// it.
@Suite("Jobs under Slurm", .serialized, .enabled(if: mayRun, "Slurm, SIGNUM_EXECUTABLE"))
struct JobTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Runs a scenario in the sandbox.
  ///
  /// - Returns: What it told, by name.
  private func run(_ scenario: String, limitSeconds: Double) async throws -> [String: String] {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let executable = try #require(
      ProcessInfo.processInfo.environment["SIGNUM_EXECUTABLE"])
    let result = try await runProcess(
      "sh",
      arguments: [
        "-c", #"cd "$0" && exec Jobs/slurm-sandbox.sh Tests/JobTests/scenario.sh "$@""#,
        Self.root.path, scenario, folder.path,
      ],
      environment: ["SIGNUM": URL(fileURLWithPath: executable).standardizedFileURL.path],
      limitSeconds: limitSeconds)
    let outputs = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let texts = outputs.filter { $0.hasSuffix(".out") }.sorted().map { name in
      name + ":\n"
        + ((try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? "")
    }
    let everything = "\(result)\n" + texts.joined(separator: "\n")
    #expect(result.ending == .exited(0), "\(everything)")
    print(result.standardOutput)
    let pairs = result.standardOutput.split(separator: "\n").map {
      $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    }
    return Dictionary(pairs.map { ($0[0], $0.last ?? "") }) { $1 }
  }

  /// First run, USR1 before the limit, queued again, thrown back, finished: the unbroken run's bits.
  @Test func preempted_requeued_finishes() async throws {
    let told = try await run("preempt", limitSeconds: 600)
    let hash = try #require(told["hash"])
    #expect(hash.count == 16 && hash == told["unbroken"])
    let heads = try #require(told["heads"].flatMap(Int.init))
    let signals = try #require(told["signals"].flatMap(Int.init))
    // Three starts at least: a slow machine meets the limit more than once.
    #expect(heads >= 3 && told["resumes"] == "\(heads - 1)" && told["runs"] == "1")
    #expect(signals >= 1 && told["nodes"] == "2" && told["end"] == "completed")
    #expect(told["restarts"] == (1..<heads).map { "\($0) " }.joined())
    #expect(told["job"] == told["submitted"])
    #expect(told["ending"]?.hasSuffix("ended with code 0") == true)
  }

  @Test func everyScript_runs() async throws {
    let told = try await run("scripts", limitSeconds: 600)
    #expect(told["mpirun"]?.count == 16 && told["mpirun"] == told["srun"])
    #expect(told["strong"] == "3" && told["weak"] == "3" && told["reproduce"] == "1")
    #expect(told["votes"] == "3")
    #expect(told["cancelled"] == "stopped")
    #expect(told["fence"] == "4 together")
    #expect(told["mislaunched"]?.contains("no program at /nowhere") == true)
  }
}
