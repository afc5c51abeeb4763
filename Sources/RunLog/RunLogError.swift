/// A log that cannot be written or read.
///
/// The description is one line: the file, what was expected, what was found, what to do.
public struct RunLogError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, one case a defect.
  public enum Defect: Error, Hashable, Sendable {
    /// The folder of the log does not exist.
    case missingFolder(folder: String)
    /// The system does not let us write; with its reason.
    case unwritable(reason: String)
    /// A file that holds something else, to which nothing must be appended.
    case notALog
    /// Another run writes to it.
    case inUse
    /// The system does not let us read; with its reason.
    case unreadable(reason: String)
    /// A line is not a record; with the reason.
    case notARecord(reason: String)
    /// A run is written by another version of the program.
    case otherSchema(found: Int)
    /// The last line has no end.
    case cutOff
    /// A record belongs to no run.
    case headless
    /// A second log of the same run, which would count as a repetition.
    case sameRun(identifier: String, file: String, line: Int)
    /// A run goes on with another number of ranks.
    case otherRanks(found: Int, line: Int, before: Int)
    /// A step does not come after the one before.
    case backwards(step: Int, previous: Int)
    /// A figure is not finite, or negative.
    case unsuitableFigure(name: String)
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
    case .notALog:
      return "\(place): expected a log or no file, found a file of something else; choose another "
        + "path"
    case .inUse:
      return "\(place): another run writes to this log; wait for its end, or choose another path"
    case .unreadable(let reason):
      return "\(place): expected a readable log, found: \(reason); check the path"
    case .notARecord(let reason):
      return "\(place): expected a record of a run's log, found \(reason); remove the line"
    case .otherSchema(let found):
      return "\(place): expected schemaVersion \(RunRecord.currentSchemaVersion), found \(found); "
        + "the run is left out: read it with the program that wrote it"
    case .cutOff:
      return "\(place): expected a whole line, found one that is cut off: the run was killed or "
        + "still writes; the line is left out"
    case .headless:
      return "\(place): expected a 'run' record before the others, found none; records up to the "
        + "next one are left out"
    case .sameRun(let identifier, let file, let line):
      return "\(place): expected runs that differ, found run \(identifier) of \(file):\(line) "
        + "again; it is left out: a copy is no repetition"
    case .otherRanks(let found, let line, let before):
      return "\(place): expected the run of line \(line) to go on with its \(before) rank(s), "
        + "found \(found); what follows is left out: its times do not compare"
    case .backwards(let step, let previous):
      return "\(place): expected a step after \(previous), found \(step); the line is left out"
    case .unsuitableFigure(let name):
      return "\(place): expected a finite '\(name)' of at least 0; the line is left out"
    }
  }
}
