import Foundation
import TestSupport
import Testing

extension LaunchTests {
  /// `Jobs/emulated-network.sh`; networks are made by root alone.
  @Suite struct EmulatedNetwork {
    private static let script = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Jobs/emulated-network.sh").path

    private static func run(_ arguments: [String], limitSeconds: Double = 120) async throws
      -> Outcome
    {
      try await Program.outcome(of: script, arguments, limitSeconds: limitSeconds)
    }

    /// Whether processes can mount anew below /, as those in a network namespace do.
    private static func canEnterNamespaces() async throws -> Bool {
      try await Program.outcome(of: "unshare", ["--mount", "true"]).succeeded
    }

    @Test(arguments: [
      ["2", "1gbit"], ["2", "1gbit", "true"], ["1", "1gbit", "--", "true"],
      ["two", "1gbit", "--", "true"], ["251", "1gbit", "--", "true"],
      ["2", "fast", "--", "true"], ["2", "0mbit", "--", "true"],
    ])
    func badArguments_areRefusedInOneLine(arguments: [String]) async throws {
      let run = try await Self.run(arguments)
      #expect(run.wasRefused && run.lines.count == 1, "\(run)")
      #expect(run.output.hasPrefix("emulated-network: "), "\(run)")
    }

    @Test(.enabled(if: getuid() == 0, "needs root to stop being root"))
    func withoutRoot_saysSo() async throws {
      let run = try await Program.outcome(
        of: "setpriv",
        ["--reuid", "65534", "--clear-groups", Self.script, "2", "1gbit", "--", "true"])
      #expect(run.wasRefused && run.output.contains("root"), "\(run)")
    }

    @Test(.enabled(if: getuid() == 0, "network namespaces need root"))
    func ranksRunOnHostsOfTheirOwn_andNothingStays() async throws {
      let arguments = [
        "2", "100mbit", "--", "sh", "-c",
        "mpirun -np 2 hostname; echo $SIGNUM_LINK_GBPS; $SIGNUM_ON_HOST 10.77.0.2 hostname; exit 7",
      ]
      var run = try await Self.run(arguments)
      // Other tests may keep the cores too busy for the rate.
      for _ in 0..<3 where run.output.contains("a link carries") {
        run = try await Self.run(arguments)
      }
      // In a chroot namespaces can be made but not entered: that has to be said.
      if run.output.contains("cannot be entered here") {
        let canEnter = try await Self.canEnterNamespaces()
        #expect(run.wasRefused && !canEnter, "\(run)")
        return
      }
      #expect(run.ending == .exited(7), "\(run)")
      #expect(run.lines.filter { $0 == "host1" }.count == 1, "\(run)")
      #expect(run.lines.filter { $0 == "host2" }.count == 2, "\(run)")
      #expect(run.lines.contains("0.1"), "\(run)")
      // The counters of both hosts.
      #expect(run.lines.filter { $0.hasPrefix("host1  ") || $0.hasPrefix("host2  ") }.count == 2)
      let left = try await Program.outcome(of: "ip", ["netns", "list"])
      #expect(!left.output.contains("signum-net-"), "\(left)")
    }
  }
}
