import Foundation

/// What a person sees of a run: rank 0 on standard output, complaints of any rank on standard
/// error.
package enum Console {
  /// The columns of the terminal; nil where standard output is none.
  ///
  /// Open MPI gives each rank a terminal of its own, with the width of the launcher's: 0 where the
  /// launcher writes to a file or a pipe.
  static var columns: Int? {
    var size = winsize()
    guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0,
      size.ws_col > 0
    else { return nil }
    return Int(size.ws_col)
  }

  /// Prints a line.
  package static func print(_ line: String) {
    write(line + "\n", to: .standardOutput)
  }

  /// Rewrites the last line of a terminal, without ending it.
  static func rewrite(_ line: String) {
    write("\r\u{1B}[K" + line, to: .standardOutput)
  }

  /// Prints what went wrong on standard error, led by the program's name.
  package static func complain(_ line: String) {
    write("signum: " + line + "\n", to: .standardError)
  }

  /// A closed pipe must not end a run that still saves its results: what cannot be written is lost.
  private static func write(_ text: String, to file: FileHandle) {
    try? file.write(contentsOf: Data(text.utf8))
  }
}

/// A number with so many decimals.
func fixed(_ value: Double, _ decimals: Int) -> String {
  String(format: "%.\(decimals)f", value)
}

/// A text with blanks before it, so many columns wide.
func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(width - text.count, 0)) + text
}
