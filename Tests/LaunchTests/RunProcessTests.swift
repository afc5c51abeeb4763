import TestSupport
import Testing

@Suite("Running a process", .outsideLauncher)
struct RunProcessTests {
  @Test func result_hasCodeAndOutput() async throws {
    let result = try await runProcess(
      "sh", arguments: ["-c", "echo out $WORD; echo err >&2; exit 3"],
      environment: ["WORD": "θ"], limitSeconds: 30)
    #expect(result.ending == .exited(3))
    #expect(result.standardOutput == "out θ\n")
    #expect(result.standardError == "err\n")
  }

  @Test func result_hasSignal() async throws {
    let result = try await runProcess("sh", arguments: ["-c", "kill -9 $$"], limitSeconds: 30)
    #expect(result.ending == .signalled(9))
  }

  @Test func limit_endsTheWholeGroup() async throws {
    // Both ignore SIGTERM. Other tests may keep the threads busy that look at the clock.
    let result = try await runProcess(
      "sh", arguments: ["-c", "trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000"],
      limitSeconds: 0.3)
    #expect(result.ending == .ranOutOfTime)
    #expect(result.seconds < 300)
    let child = try #require(result.standardOutput.split(separator: "\n").first)
    // Gone, or dead and not yet buried by the system.
    let probe = try await runProcess(
      "sh", arguments: ["-c", "test ! -e /proc/\(child) || grep -q ') Z' /proc/\(child)/stat"],
      limitSeconds: 30)
    #expect(probe.ending == .exited(0))
  }

  @Test func missingProgram_throws() async {
    await #expect(throws: ProcessStartError.self) {
      try await runProcess("no-such-program-here", arguments: [], limitSeconds: 30)
    }
  }
}
