import Foundation
import Testing

/// The processes that have this text among their arguments, those that only wait for their parent to
/// notice their end left out.
func processes(with text: String) -> [pid_t] {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
  return names.compactMap { pid_t($0) }.filter { process in
    let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
    return String(decoding: line, as: UTF8.self).contains(text)
  }
}

/// Waits until no process has this text among its arguments; ends those that are left.
func expectNoProcess(with text: String, withinSeconds limit: Double) async {
  let start = Date()
  while !processes(with: text).isEmpty, Date().timeIntervalSince(start) < limit {
    try? await Task.sleep(for: .milliseconds(20))
  }
  let left = processes(with: text)
  #expect(left.isEmpty, "still running after \(limit) s: \(left)")
  for process in left { kill(process, SIGKILL) }
}

/// Sends a signal to one of the processes of a run.
///
/// - Parameters:
///   - text: What they have among their arguments.
///   - choose: Which one: gets the ranks, and the launcher.
func signalOne(
  with text: String, _ signal: Int32, choose: (_ ranks: [pid_t], _ launcher: pid_t) -> pid_t?
) {
  let all = processes(with: text)
  func name(_ process: pid_t) -> String {
    let text = FileManager.default.contents(atPath: "/proc/\(process)/comm") ?? Data()
    return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .newlines)
  }
  guard let launcher = all.first(where: { name($0).hasPrefix("mpirun") || name($0) == "orterun" })
  else { return }
  let ranks = all.filter { name($0).hasPrefix("signum") }.sorted()
  if let process = choose(ranks, launcher) { kill(process, signal) }
}
