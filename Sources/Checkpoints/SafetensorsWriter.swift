internal import Foundation

/// What a checkpoint is just about to do: the places at which tests end the process.
public enum CheckpointPhase: String, Sendable, CaseIterable {
  /// A file has its header, its data are next.
  case write = "checkpoint-write"
  /// A file is complete, but not forced to the disk.
  case fsync = "checkpoint-fsync"
  /// All files are on the disk, the manifest is next.
  case manifest = "checkpoint-manifest"
  /// The folder is complete, but has its temporary name.
  case rename = "checkpoint-rename"
  /// The folder has its name, older ones are removed next.
  case remove = "checkpoint-remove"
}

/// Writes a safetensors file piece by piece and hashes it on the way.
///
/// The file gets a name only its writer uses, so it is made anew. It is on the disk when `finish()`
/// returns; the folder's entry is not. An unfinished file stays where it is.
public struct SafetensorsWriter: ~Copyable {
  private let path: String
  private let descriptor: CInt
  private var hash: StreamingHash
  private var written: Int
  private let expected: Int
  private let atPhase: @Sendable (CheckpointPhase) -> Void

  /// Makes the file and writes its header.
  ///
  /// - Parameters:
  ///   - path: The file, which does not exist.
  ///   - tensors: The tensors in the order of the file, with different names.
  ///   - metadata: Texts by name, written in the order of the names.
  ///   - atPhase: Called before each phase of a file.
  /// - Throws: `CheckpointError` when the system refuses.
  /// - Precondition: The header is at most 100 MB.
  public init(
    path: String, tensors: [TensorDescription], metadata: [String: String] = [:],
    atPhase: @escaping @Sendable (CheckpointPhase) -> Void = { _ in }
  ) throws(CheckpointError) {
    let header = Safetensors.header(of: tensors, metadata: metadata)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw SystemFailure().error(path) }
    do throws(SystemFailure) {
      try header.span.bytes.withUnsafeBytes { bytes throws(SystemFailure) in
        try Descriptor.write(bytes, to: descriptor)
      }
    } catch {
      close(descriptor)
      throw error.error(path)
    }
    self.path = path
    self.descriptor = descriptor
    self.atPhase = atPhase
    expected = tensors.reduce(header.count) { $0 + $1.byteCount }
    written = header.count
    hash = StreamingHash()
    header.span.bytes.withUnsafeBytes { hash.add($0) }
    atPhase(.write)
  }

  deinit {
    close(descriptor)
  }

  /// Writes the next bytes of the tensors' data.
  public mutating func append(_ bytes: RawSpan) throws(CheckpointError) {
    try bytes.withUnsafeBytes { bytes throws(CheckpointError) in
      var rest = bytes
      while !rest.isEmpty {
        let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(StreamingHash.pieceBytes))
        hash.add(piece)
        try writeAll(piece)
        rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
      }
    }
    written += bytes.byteCount
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    do throws(SystemFailure) {
      try Descriptor.write(bytes, to: descriptor)
    } catch {
      throw error.error(path)
    }
  }

  /// Forces the file to the disk.
  ///
  /// - Returns: Its size and hash.
  /// - Precondition: All data are written.
  public consuming func finish() throws(CheckpointError) -> FileDigest {
    precondition(written == expected, "\(written) bytes of \(expected) written to \(path)")
    atPhase(.fsync)
    guard fsync(descriptor) == 0 else { throw SystemFailure().error(path) }
    return FileDigest(bytes: written, hash: hash.value)
  }
}

/// What is done with descriptors in more than one place.
enum Descriptor {
  static func write(
    _ bytes: UnsafeRawBufferPointer, to descriptor: CInt
  ) throws(SystemFailure) {
    var rest = bytes
    while let start = rest.baseAddress, !rest.isEmpty {
      let written = Foundation.write(descriptor, start, min(rest.count, 1 << 30))
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw SystemFailure() }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  /// Forces a folder's entries to the disk.
  static func synchronize(folder: String) throws(SystemFailure) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemFailure() }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw SystemFailure() }
  }
}

/// The reason why the last system call failed.
struct SystemFailure: Error {
  let code = errno
  var reason: String { String(cString: strerror(code)) }

  /// The failure as that of writing a file.
  func error(_ path: String) -> CheckpointError {
    CheckpointError(file: path, .unwritable(reason: reason))
  }
}
