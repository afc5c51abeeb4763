internal import CZlib
internal import Foundation

/// A file, plain or compressed by gzip, read from its start to its end.
///
/// zlib inflates while we read, so memory is taken for what is asked for only, whatever the
/// compressed file would expand to.
struct FileInput: ~Copyable {
  /// Deflate expands a byte to at most this many.
  static let maximumExpansion = 1032

  let path: String
  /// The size of the file on disk in bytes.
  let fileBytes: Int
  /// The number of bytes read so far, after inflating.
  private(set) var position = 0
  private let stream: gzFile

  /// Opens a regular file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - remedy: What to do when it is missing.
  init(path: String, remedy: String = "check the path") throws(DatasetError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw DatasetError(
        file: path,
        errno == ENOENT ? .missing(remedy: remedy) : .unreadable(reason: lastSystemError()))
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      close(descriptor)
      throw DatasetError(file: path, .unreadable(reason: lastSystemError()))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw DatasetError(file: path, .notAFile)
    }
    guard let stream = gzdopen(descriptor, "rb") else {
      close(descriptor)
      throw DatasetError(file: path, .unreadable(reason: "no memory for zlib"))
    }
    gzbuffer(stream, 1 << 18)
    self.path = path
    self.stream = stream
    fileBytes = Int(status.st_size)
  }

  deinit {
    gzclose(stream)
  }

  /// Whether the file is compressed.
  var isCompressed: Bool { gzdirect(stream) == 0 }

  /// Reads until the buffer is full or the file ends.
  ///
  /// - Returns: The number of bytes read; less than asked for only at the end.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
    var filled = 0
    while filled < buffer.count, let base = buffer.baseAddress {
      let wanted = min(buffer.count - filled, 1 << 30)
      let received = gzread(stream, base + filled, UInt32(wanted))
      var code: CInt = 0
      let text = gzerror(stream, &code)
      guard received >= 0, code == Z_OK || code == Z_STREAM_END else {
        position += max(0, Int(received))
        throw failure(code: code, reason: text.map { String(cString: $0) } ?? "")
      }
      filled += Int(received)
      position += Int(received)
      if received < wanted { break }
    }
    return filled
  }

  /// Reads all that is left.
  mutating func readAll(memoryLimit: Int = machineMemoryBytes) throws(DatasetError) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = try piece.read(from: &self)
      bytes += piece[..<count]
      guard bytes.count <= memoryLimit else {
        throw DatasetError(file: path, .tooLarge(bytes: bytes.count, limit: memoryLimit))
      }
      if count < piece.count { return bytes }
    }
  }

  private func failure(code: CInt, reason: String) -> DatasetError {
    switch code {
    case Z_BUF_ERROR:
      DatasetError(file: path, .truncatedArchive(afterBytes: position))
    case Z_ERRNO:
      DatasetError(file: path, .unreadable(reason: lastSystemError()))
    default:
      DatasetError(file: path, .damagedArchive(afterBytes: position, reason: reason))
    }
  }
}

private func lastSystemError() -> String {
  String(cString: strerror(errno))
}

/// The memory of this machine in bytes, the limit of what a file may ask for.
var machineMemoryBytes: Int {
  Int(clamping: ProcessInfo.processInfo.physicalMemory)
}
