/// Why a report cannot be written.
enum ReportError: Error, CustomStringConvertible {
  /// The folder holds a page that is no report.
  case otherPage(path: String)
  /// The folder cannot be made or written to.
  case folder(path: String, reason: String)

  /// One line: what happened, where, and what to do.
  var description: String {
    switch self {
    case .otherPage(let path):
      "\(path) exists and is no report of 'signum reproduce': name another folder with --out"
    case .folder(let path, let reason):
      "the folder \(path) cannot be written to (\(reason)): name another with --out"
    }
  }
}
