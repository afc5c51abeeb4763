internal import Foundation

extension Safetensors {
  /// Writes tensors to a file, so that the path never names a half-written file.
  ///
  /// The file is written beside its place under the name `PATH.partial.PROCESS`, forced to the
  /// disk, and renamed, which replaces an older file of that name in one step; then the folder is
  /// forced to the disk. Nothing is left when a step fails.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - values: The flat buffer that holds the tensors' elements.
  ///   - tensors: The tensors, in the order of the file, with different names.
  ///   - metadata: Texts by name, written in the order of the names.
  /// - Throws: `CheckpointError` when the folder is missing or the system refuses.
  /// - Precondition: The tensors lie within `values`; the header is at most 100 MB.
  /// - Complexity: writes 4 bytes an element and the header; local.
  public static func write(
    to path: String, values: Span<Float>, tensors: [TensorEntry], metadata: [String: String] = [:]
  ) throws(CheckpointError) {
    let header = header(of: tensors, metadata: metadata)
    precondition(header.count <= maximumHeaderBytes, "a header of \(header.count) bytes")
    let folder = (path as NSString).deletingLastPathComponent
    let place = folder.isEmpty ? "." : folder
    guard FileManager.default.fileExists(atPath: place) else {
      throw CheckpointError(file: path, .missingFolder(folder: place))
    }
    let partial = "\(path).partial.\(getpid())"
    do throws(SystemFailure) {
      try writeFile(partial, header: header, values: values, tensors: tensors)
      guard rename(partial, path) == 0 else { throw SystemFailure() }
      try synchronize(folder: place)
    } catch {
      unlink(partial)
      throw CheckpointError(file: path, .unwritable(reason: error.reason))
    }
  }

  /// The length and the JSON of the header, padded to a multiple of 8 bytes.
  private static func header(of tensors: [TensorEntry], metadata: [String: String]) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }.map {
        "\(quoted($0.key)):\(quoted($0.value))"
      }
      members.append("\(quoted(metadataKey)):{\(texts.joined(separator: ","))}")
    }
    var names: Set = [metadataKey]
    var start = 0
    for tensor in tensors {
      precondition(names.insert(tensor.name).inserted, "two tensors '\(tensor.name)'")
      let end = start + 4 * tensor.range.count
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(start),\(end)]}")
      start = end
    }
    var json = Array("{\(members.joined(separator: ","))}".utf8)
    json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: -json.count & 7))
    return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
  }

  /// A text as a JSON string.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 32:
        result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private static func writeFile(
    _ path: String, header: [UInt8], values: Span<Float>, tensors: [TensorEntry]
  ) throws(SystemFailure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw SystemFailure() }
    defer { close(descriptor) }
    try header.span.withUnsafeBytes { bytes throws(SystemFailure) in
      try writeAll(bytes, to: descriptor)
    }
    for tensor in tensors {
      let elements = values.extracting(tensor.range)
      try elements.withUnsafeBytes { bytes throws(SystemFailure) in
        try writeAll(bytes, to: descriptor)
      }
    }
    guard fsync(descriptor) == 0 else { throw SystemFailure() }
  }

  private static func writeAll(
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
  private static func synchronize(folder: String) throws(SystemFailure) {
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
}
