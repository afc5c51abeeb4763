internal import Foundation

/// Appends records to a log; what the file holds already stays.
///
/// Each record is one line and one write at the end of the file, at once, without a buffer, so a
/// run that is killed loses nothing it wrote.
public struct RunLogWriter: ~Copyable {
  private let path: String
  private let descriptor: CInt

  /// Opens a log, which is made when there is none.
  ///
  /// A last line that was cut off is ended first, so that it spoils no other one.
  ///
  /// - Throws: `RunLogError` when the folder is missing or the system refuses.
  public init(path: String) throws(RunLogError) {
    let folder = (path as NSString).deletingLastPathComponent
    var isFolder: ObjCBool = false
    guard
      folder.isEmpty
        || FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
          && isFolder.boolValue
    else {
      throw RunLogError(file: path, .missingFolder(folder: folder))
    }
    let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw RunLogError(file: path, .unwritable(reason: String(cString: strerror(errno))))
    }
    var last = UInt8(ascii: "\n")
    let end = lseek(descriptor, 0, SEEK_END)
    if end > 0, pread(descriptor, &last, 1, end - 1) == 1, last != UInt8(ascii: "\n") {
      do {
        try Self.write("\n", to: descriptor, path: path)
      } catch {
        close(descriptor)
        throw error
      }
    }
    self.path = path
    self.descriptor = descriptor
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
