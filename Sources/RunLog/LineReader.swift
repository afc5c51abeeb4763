internal import Foundation

/// Reads a file line by line through one buffer.
///
/// The buffer grows to the longest line, so memory does not depend on the size of the file.
struct LineReader: ~Copyable {
  /// The longest line that is read, in bytes.
  static let limit = 1 << 26

  /// The buffer; `next()` says which part of it is the line.
  private(set) var bytes = [UInt8](repeating: 0, count: 1 << 20)
  /// The number of the line that `next()` read last, from 1.
  private(set) var line = 0
  /// Whether a line end followed it.
  private(set) var isEnded = false
  private let file: String
  private let descriptor: CInt
  private var start = 0
  private var filled = 0
  private var isAtEnd = false

  /// Opens a file.
  ///
  /// - Throws: `RunLogError` when it cannot be read.
  init(path: String) throws(RunLogError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw RunLogError(file: path, .unreadable(reason: String(cString: strerror(errno))))
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      close(descriptor)
      throw RunLogError(file: path, .unreadable(reason: "a folder"))
    }
    file = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// The place of the next line in `bytes`, without its end; nil behind the last one.
  ///
  /// - Throws: `RunLogError` when the disk fails or the line is longer than the limit.
  mutating func next() throws(RunLogError) -> Range<Int>? {
    var searched = start
    while true {
      if let end = lineEnd(from: searched) {
        defer { start = end + 1 }
        line += 1
        isEnded = true
        return start..<end
      }
      searched = filled
      if isAtEnd {
        guard start < filled else { return nil }
        defer { start = filled }
        line += 1
        isEnded = false
        return start..<filled
      }
      let shift = start
      try fill()
      searched -= shift
    }
  }

  private func lineEnd(from position: Int) -> Int? {
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress, position < filled else { return nil }
      guard let found = memchr(base + position, 10, filled - position) else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }

  /// Moves what is left to the front of the buffer and reads behind it.
  private mutating func fill() throws(RunLogError) {
    let rest = filled - start
    if start > 0 {
      bytes.withUnsafeMutableBytes { buffer in
        if let base = buffer.baseAddress { memmove(base, base + start, rest) }
      }
    } else if rest == bytes.count {
      guard rest < Self.limit else {
        throw RunLogError(
          file: file, line: line + 1,
          .notARecord(reason: "a line of more than \(Self.limit) bytes"))
      }
      bytes.append(contentsOf: repeatElement(0, count: rest))
    }
    start = 0
    filled = rest
    var count: Int
    repeat {
      count = bytes.withUnsafeMutableBytes { buffer in
        guard let base = buffer.baseAddress else { return 0 }
        return read(descriptor, base + rest, buffer.count - rest)
      }
    } while count < 0 && errno == EINTR
    guard count >= 0 else {
      throw RunLogError(file: file, .unreadable(reason: String(cString: strerror(errno))))
    }
    filled += count
    isAtEnd = count == 0
  }
}
