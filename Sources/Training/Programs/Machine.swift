import Foundation

/// Facts about the machine a rank runs on, for the log and `doctor`.
public enum Machine {
  /// The name of the processor, as the kernel tells it.
  public static var processor: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = line?.split(separator: ":", maxSplits: 1).last ?? "unknown"
    return name.trimmingCharacters(in: .whitespaces)
  }

  /// The host's name.
  public static var host: String { ProcessInfo.processInfo.hostName }

  /// The cores that are online on this node.
  public static var cores: Int { ProcessInfo.processInfo.processorCount }

  /// The cores that this process may run on: fewer where the launcher binds ranks.
  public static var allowedCores: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// The commit of the checkout that the program was built in, where that can be seen.
  ///
  /// Read from the files of `.git` above the executable: no process is forked under MPI.
  public static var commit: String? {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let git = folder.appendingPathComponent(".git")
      guard let head = text(git.appendingPathComponent("HEAD")) else { continue }
      guard head.hasPrefix("ref: ") else { return head }
      return text(git.appendingPathComponent(String(head.dropFirst(5))))
    }
    return nil
  }

  private static func text(_ file: URL) -> String? {
    (try? String(contentsOf: file, encoding: .utf8))?.trimmingCharacters(in: .newlines)
  }
}
