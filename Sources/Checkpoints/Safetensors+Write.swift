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
    try write(to: path, tensors: tensors.map(\.description), metadata: metadata) {
      writer throws(CheckpointError) in
      for tensor in tensors { try writer.append(values.extracting(tensor.range).bytes) }
    }
  }

  /// Writes tensors to a file likewise, from wherever their elements lie.
  ///
  /// - Parameter data: Appends the elements of all tensors in their order.
  public static func write(
    to path: String, tensors: [TensorDescription], metadata: [String: String],
    data: (inout SafetensorsWriter) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    let folder = (path as NSString).deletingLastPathComponent
    let place = folder.isEmpty ? "." : folder
    guard FileManager.default.fileExists(atPath: place) else {
      throw CheckpointError(file: path, .missingFolder(folder: place))
    }
    let partial = "\(path).partial.\(getpid())"
    // What a process of the same number left behind.
    unlink(partial)
    do throws(CheckpointError) {
      var writer = try SafetensorsWriter(path: partial, tensors: tensors, metadata: metadata)
      try data(&writer)
      _ = try writer.finish()
      guard rename(partial, path) == 0 else { throw SystemFailure().error(path) }
      do throws(SystemFailure) {
        try Descriptor.synchronize(folder: place)
      } catch {
        throw error.error(path)
      }
    } catch {
      unlink(partial)
      throw CheckpointError(file: path, error.defect)
    }
  }

  /// The length and the JSON of the header, padded to a multiple of 8 bytes.
  static func header(
    of tensors: [TensorDescription], metadata: [String: String]
  ) -> [UInt8] {
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
      let end = start + tensor.byteCount
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(start),\(end)]}")
      start = end
    }
    var json = Array("{\(members.joined(separator: ","))}".utf8)
    json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: -json.count & 7))
    precondition(json.count <= maximumHeaderBytes, "a header of \(json.count) bytes")
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
}
