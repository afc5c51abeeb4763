internal import Foundation

/// Appends records to a log; what the file holds already stays.
///
/// Each record is one line and one write at the end of the file, at once, without a buffer, so a
/// run that is killed loses nothing it wrote.
public struct RunLogWriter: ~Copyable {
  private let path: String
  private let descriptor: CInt
  /// How each line begins.
  private static let start = #"{"type":"#

  /// Opens a log, which is made when there is none.
  ///
  /// A last line that was cut off is ended first, so that it spoils no other one. The file is locked
  /// against other processes as long as the writer lives, where the file system has locks.
  ///
  /// - Throws: `RunLogError` when the folder is missing, the file holds something else, another run
  ///   writes to it, or the system refuses.
  public init(path: String) throws(RunLogError) {
    let folder = (path as NSString).deletingLastPathComponent
    guard folder.isEmpty || FileManager.default.fileExists(atPath: folder) else {
      throw RunLogError(file: path, .missingFolder(folder: folder))
    }
    let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw RunLogError(file: path, .unwritable(reason: String(cString: strerror(errno))))
    }
    do throws(RunLogError) {
      try Self.prepare(descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    self.path = path
    self.descriptor = descriptor
  }

  private static func prepare(_ descriptor: CInt, path: String) throws(RunLogError) {
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    guard fcntl(descriptor, F_SETLK, &lock) == 0 || errno != EACCES && errno != EAGAIN else {
      throw RunLogError(file: path, .inUse)
    }
    let end = lseek(descriptor, 0, SEEK_END)
    guard end > 0 else { return }
    var start = [UInt8](repeating: 0, count: Self.start.utf8.count)
    let read = pread(descriptor, &start, start.count, 0)
    guard read < 0 || Self.start.utf8.starts(with: start.prefix(read)) else {
      throw RunLogError(file: path, .notALog)
    }
    var last = UInt8(ascii: "\n")
    if pread(descriptor, &last, 1, end - 1) == 1, last != UInt8(ascii: "\n") {
      try Self.write("\n", to: descriptor, path: path)
    }
  }

  deinit {
    close(descriptor)
  }

  /// Appends a record.
  ///
  /// - Throws: `RunLogError` when the system refuses, as on a full disk.
  public func append(_ record: LogRecord) throws(RunLogError) {
    let line: String
    do {
      line = try record.line
    } catch {
      preconditionFailure("a record cannot be encoded: \(error)")
    }
    try append(line: line)
  }

  /// Appends a line that is no record of a run.
  package func append(line: String) throws(RunLogError) {
    try Self.write(line + "\n", to: descriptor, path: path)
  }

  private static func write(_ text: String, to descriptor: CInt, path: String) throws(RunLogError) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        throw RunLogError(file: path, .unwritable(reason: String(cString: strerror(errno))))
      }
      rest = rest.dropFirst(written)
    }
  }
}
