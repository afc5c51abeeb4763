/// A log that cannot be written or read.
///
/// The description is one line: the file, what was expected, what was found, what to do.
public struct RunLogError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, one case a defect.
  public enum Defect: Hashable, Sendable {
    /// The folder of the log does not exist.
    case missingFolder(folder: String)
    /// The system does not let us write; with its reason.
    case unwritable(reason: String)
    /// The system does not let us read; with its reason.
    case unreadable(reason: String)
    /// A line is not a record; with the reason.
    case notARecord(reason: String)
  }

  /// The file as it was named.
  public let file: String
  /// The number of the line, from 1.
  public let line: Int?
  /// What is wrong.
  public let defect: Defect

  /// An error about a log, or a line of it.
  public init(file: String, line: Int? = nil, _ defect: Defect) {
    self.file = file
    self.line = line
    self.defect = defect
  }

  /// One line: the file, what was expected, what was found, what to do.
  public var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    switch defect {
    case .missingFolder(let folder):
      return "\(place): expected the folder \(folder), found none; run: mkdir -p '\(folder)'"
    case .unwritable(let reason):
      return "\(place): cannot be written: \(reason); check the path, its permissions and the "
        + "free space"
    case .unreadable(let reason):
      return "\(place): expected a readable log, found: \(reason); check the path"
    case .notARecord(let reason):
      return "\(place): expected a record of a run's log, found \(reason); remove the line"
    }
  }
}
