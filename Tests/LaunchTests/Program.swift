import Foundation
import TestSupport

/// How the tests start the program.
enum Program {
  /// The executable under test: `SIGNUM_EXECUTABLE`, else the one built beside the tests.
  static func executable() throws -> String {
    let environment = ProcessInfo.processInfo.environment
    let path =
      environment["SIGNUM_EXECUTABLE"]
      ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("signum").path
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw LaunchError("no program at \(path): run 'swift build', or set SIGNUM_EXECUTABLE")
    }
    return path
  }

  /// The test bundle that runs this: on Linux an executable.
  static func tests() throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  }

  /// A Python that has numpy and safetensors.
  static func python() throws -> String {
    guard let path = ProcessInfo.processInfo.environment["SIGNUM_PYTHON"], !path.isEmpty else {
      throw LaunchError(
        "no Python with numpy and safetensors: run Jobs/test.sh, or set SIGNUM_PYTHON")
    }
    return path
  }

  /// Runs the program alone.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], limitSeconds: Double = 60
  ) async throws -> Outcome {
    try await outcome(
      of: executable(), arguments, environment: environment, limitSeconds: limitSeconds)
  }

  /// Runs the program on so many ranks.
  static func mpirun(
    _ ranks: Int, _ arguments: [String], environment: [String: String] = [:],
    limitSeconds: Int = 60
  ) async throws -> Outcome {
    try await mpirun(
      [(ranks, arguments)], environment: environment, limitSeconds: limitSeconds)
  }

  /// Runs the program on groups of ranks, each with arguments of its own.
  static func mpirun(
    _ groups: [(ranks: Int, arguments: [String])], environment: [String: String] = [:],
    limitSeconds: Int = 60
  ) async throws -> Outcome {
    let program = try executable()
    let parts = groups.map { ["-np", String($0.ranks), program] + $0.arguments }
    return try await outcome(
      of: "mpirun",
      ["--timeout", String(limitSeconds)] + parts.joined(separator: [":"]),
      environment: environment, limitSeconds: Double(limitSeconds) + 10)
  }

  /// Runs any program, in the environment of a launch.
  static func outcome(
    of executable: String, _ arguments: [String], environment: [String: String] = [:],
    limitSeconds: Double = 60
  ) async throws -> Outcome {
    let result = try await runProcess(
      executable, arguments: arguments,
      environment: Launch.environment(ranks: 1).merging(environment) { $1 },
      limitSeconds: limitSeconds)
    return Outcome(
      ending: result.ending, output: result.standardOutput + result.standardError,
      seconds: result.seconds)
  }
}

/// What a launch left behind.
struct Outcome: CustomStringConvertible {
  /// How the process ended: mpirun, where it was launched.
  let ending: ProcessResult.Ending
  /// Standard output and standard error of all ranks and of the launcher.
  let output: String
  /// How long it took.
  let seconds: Double

  /// Whether it ended as it should.
  var succeeded: Bool { ending == .exited(0) }

  /// Whether it ended because of what it was given, as the exit code says.
  var wasRefused: Bool { ending == .exited(2) }

  /// The lines of the output; carriage returns of the ranks' terminals are not part of them.
  var lines: [String] {
    output.replacingOccurrences(of: "\r\n", with: "\n").split(separator: "\n").map(String.init)
  }

  /// The lines that hold all of these words.
  func lines(with words: [String]) -> [String] {
    lines.filter { line in words.allSatisfy { line.localizedStandardContains($0) } }
  }

  var description: String {
    "\(ending) after \(seconds) s:\n\(output)"
  }
}

/// What keeps a test from being run.
struct LaunchError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
