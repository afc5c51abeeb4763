import Foundation

/// What the subcommands write for people and other programs.
enum StandardOutput {
  /// Writes bytes; ends the process where they cannot be written, as on a full disk.
  static func write(_ bytes: Data) {
    do {
      try FileHandle.standardOutput.write(contentsOf: bytes)
    } catch {
      let reason = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      // A reader that has enough, such as `head`, is no error.
      if let code = reason?.code, code != EPIPE {
        Reading.complain(
          "standard output cannot be written: \(String(cString: strerror(CInt(code))))")
        exit(1)
      }
    }
  }
}
