internal import Foundation

extension Safetensors {
  /// Reads the tensors of a model from a file.
  ///
  /// The header is checked in full, and against the model, before a byte of data is read.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - tensors: The tensors that the file must hold, no more and no less, in any order.
  ///   - values: The flat buffer to fill; unspecified in the tensors' ranges after an error.
  /// - Returns: The metadata.
  /// - Throws: `CheckpointError` when the file is missing, damaged, or not of this model.
  /// - Precondition: The tensors lie within `values`.
  /// - Complexity: reads 4 bytes an element and the header; local.
  @discardableResult
  public static func read(
    from path: String, tensors: [TensorEntry], into values: consuming MutableSpan<Float>
  ) throws(CheckpointError) -> [String: String] {
    let file = try InputFile(path: path)
    let header = try SafetensorsHeader(file: file)
    let found = try header.match(tensors, path: path)
    precondition(tensors.allSatisfy { $0.range.upperBound <= values.count }, "values too short")
    try values.withUnsafeMutableBufferPointer { buffer throws(CheckpointError) in
      for (tensor, stored) in zip(tensors, found) {
        try file.read(
          into: UnsafeMutableRawBufferPointer(
            UnsafeMutableBufferPointer(rebasing: buffer[tensor.range])),
          at: header.dataStart + stored.bytes.lowerBound)
      }
    }
    return header.metadata
  }

  /// Reads and checks the header of a file.
  ///
  /// - Throws: `CheckpointError` when the file is missing or damaged.
  public static func readHeader(from path: String) throws(CheckpointError) -> SafetensorsHeader {
    try SafetensorsHeader(file: InputFile(path: path))
  }
}

/// An open regular file.
struct InputFile: ~Copyable {
  let path: String
  /// The size in bytes.
  let count: Int
  private let descriptor: CInt

  init(path: String) throws(CheckpointError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let failure = SystemFailure()
      throw CheckpointError(
        file: path, failure.code == ENOENT ? .missing : .unreadable(reason: failure.reason))
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw CheckpointError(file: path, .notAFile)
    }
    self.path = path
    self.descriptor = descriptor
    count = Int(status.st_size)
  }

  deinit {
    close(descriptor)
  }

  /// Fills a buffer from a place in the file.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(CheckpointError) {
    var filled = 0
    while filled < buffer.count, let base = buffer.baseAddress {
      let received = pread(
        descriptor, base + filled, min(buffer.count - filled, 1 << 30), off_t(offset + filled))
      if received < 0, errno == EINTR { continue }
      guard received > 0 else {
        let reason = received == 0 ? "the file became shorter" : SystemFailure().reason
        throw CheckpointError(file: path, .unreadable(reason: reason))
      }
      filled += received
    }
  }
}
