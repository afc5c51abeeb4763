internal import Glibc

/// How a process ended and what it said.
public struct ProcessResult: Sendable {
  /// How a process ended.
  public enum Ending: Equatable, Sendable {
    /// It exited with a code.
    case exited(Int32)
    /// A signal ended it.
    case signalled(Int32)
    /// It ran longer than it may and was ended.
    case ranOutOfTime
  }

  /// How it ended.
  public let ending: Ending
  /// What it wrote to standard output.
  public let standardOutput: String
  /// What it wrote to standard error.
  public let standardError: String
  /// How long it ran, in seconds.
  public let seconds: Double
}

/// A process that could not be started.
public struct ProcessStartError: Error, CustomStringConvertible {
  let program: String
  let code: Int32

  /// The program and why.
  public var description: String { "cannot start \(program): \(String(cString: strerror(code)))" }
}

/// Runs a program to its end, or to the end of its time.
///
/// The program leads a process group of its own, all of which is gone when this returns: at the
/// limit it gets SIGTERM, so that mpirun can end its ranks, and SIGKILL some seconds later. It reads
/// nothing. What it writes goes to files, so that no surviving child can keep the reader waiting.
///
/// Suspends instead of blocking: the threads that run tests are as many as cores.
///
/// - Parameters:
///   - program: A path, or a name to be found in `PATH`.
///   - arguments: The arguments behind the name.
///   - environment: Variables to set on top of those of this process.
///   - limitSeconds: How long it may run.
/// - Throws: `ProcessStartError`; `CancellationError` when the test is cancelled, with the group
///   ended.
public func runProcess(
  _ program: String, arguments: [String], environment: [String: String] = [:],
  limitSeconds: Double
) async throws -> ProcessResult {
  let output = try CapturedFile()
  let errors = try CapturedFile()
  let start = ContinuousClock.now
  let process = try spawn(program, arguments, environment, output: output, errors: errors)
  var ranOutOfTime = false
  while !hasEnded(process) {
    if !ranOutOfTime, (ContinuousClock.now - start) / .seconds(1) > limitSeconds {
      ranOutOfTime = true
      kill(-process, SIGTERM)
    }
    if (ContinuousClock.now - start) / .seconds(1) > limitSeconds + graceSeconds {
      kill(-process, SIGKILL)
    }
    do {
      try await Task.sleep(for: .milliseconds(10))
    } catch {
      kill(-process, SIGKILL)
      waitpid(process, nil, 0)
      throw error
    }
  }
  // The leader is not reaped yet, so the group's number is still its own.
  kill(-process, SIGKILL)
  var status: Int32 = 0
  waitpid(process, &status, 0)
  let signal = status & 0x7F
  return ProcessResult(
    ending: ranOutOfTime
      ? .ranOutOfTime : signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal),
    standardOutput: output.text, standardError: errors.text,
    seconds: (ContinuousClock.now - start) / .seconds(1))
}

/// Between SIGTERM and SIGKILL: mpirun takes some seconds to end its ranks.
private let graceSeconds = 5.0

private func hasEnded(_ process: pid_t) -> Bool {
  var information = siginfo_t()
  let found = waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT)
  return found != 0 || information.si_signo == SIGCHLD
}

private func spawn(
  _ program: String, _ arguments: [String], _ additions: [String: String], output: CapturedFile,
  errors: CapturedFile
) throws -> pid_t {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
  posix_spawn_file_actions_adddup2(&actions, output.descriptor, 1)
  posix_spawn_file_actions_adddup2(&actions, errors.descriptor, 2)

  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
  // The threads that run tests block most signals, which a child would inherit.
  var noSignals = sigset_t()
  sigemptyset(&noSignals)
  posix_spawnattr_setsigmask(&attributes, &noSignals)
  posix_spawnattr_setpgroup(&attributes, 0)

  let lines = try environment(adding: additions)
  var process: pid_t = 0
  let code = withCStrings([program] + arguments) { arguments in
    withCStrings(lines) { environment in
      posix_spawnp(&process, program, &actions, &attributes, arguments, environment)
    }
  }
  guard code == 0 else { throw ProcessStartError(program: program, code: code) }
  return process
}

/// The environment that this process was started with, and more.
///
/// Not the present one: MPI, which some tests start in this process, adds variables by which an
/// mpirun started here would believe to be one of its ranks.
private func environment(adding additions: [String: String]) throws -> [String] {
  let descriptor = open("/proc/self/environ", O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw ProcessStartError(program: "environment", code: errno) }
  defer { close(descriptor) }
  let lines = readAll(descriptor).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  return lines.filter { additions[String($0.prefix { $0 != "=" })] == nil }
    + additions.map { "\($0.key)=\($0.value)" }
}

/// What a file holds from its start.
private func readAll(_ descriptor: Int32) -> [UInt8] {
  var bytes: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = pread(descriptor, &part, part.count, off_t(bytes.count))
    guard count > 0 else { return bytes }
    bytes += part.prefix(count)
  }
}

private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  let pointers = strings.map { strdup($0) } + [nil]
  defer { pointers.forEach { free($0) } }
  return pointers.withUnsafeBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("the list ends with nil") }
    return body(base)
  }
}

/// A file without a name that takes what a process writes.
private final class CapturedFile: Sendable {
  let descriptor: Int32

  init() throws {
    var path = Array("/tmp/captured-XXXXXX".utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0 else { throw ProcessStartError(program: "capture", code: errno) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(path)
  }

  deinit { close(descriptor) }

  var text: String { String(decoding: readAll(descriptor), as: UTF8.self) }
}
