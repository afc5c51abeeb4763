/// Why a report is not written where it should be.
enum ReportError: Error, CustomStringConvertible {
  /// The folder holds a page that is no report.
  case otherPage(path: String)

  /// One line: what happened, where, and what to do.
  var description: String {
    switch self {
    case .otherPage(let path):
      "\(path) exists and is no report of 'signum reproduce': name another folder with --out"
    }
  }
}
