internal import Foundation

/// A safetensors file whose tensors are read one by one, or in part.
public struct StateFile: ~Copyable {
  /// The checked header.
  public let header: SafetensorsHeader
  private let file: InputFile

  /// Opens a file and checks its header.
  ///
  /// - Throws: `CheckpointError` when the file is missing or damaged.
  public init(path: String) throws(CheckpointError) {
    let file = try InputFile(path: path)
    header = try SafetensorsHeader(file: file)
    self.file = file
  }

  /// A tensor by its name.
  ///
  /// - Throws: `CheckpointError` when there is none.
  public func tensor(_ name: String) throws(CheckpointError) -> SafetensorsHeader.Tensor {
    guard let tensor = header.tensors.first(where: { $0.name == name }) else {
      throw CheckpointError(file: file.path, .missingTensor(name: name))
    }
    return tensor
  }

  /// Reads a tensor of the shape that is expected.
  ///
  /// - Parameters:
  ///   - description: Name, type and shape.
  ///   - bytes: All of its bytes are overwritten.
  /// - Throws: `CheckpointError` when the tensor is missing or is another one.
  /// - Precondition: `bytes` has the description's size.
  public func read(
    _ description: TensorDescription, into bytes: consuming MutableRawSpan
  ) throws(CheckpointError) {
    let tensor = try tensor(description.name)
    guard tensor.type == description.type else {
      throw CheckpointError(
        file: file.path, .unsupportedType(tensor: tensor.name, type: tensor.type.rawValue))
    }
    guard tensor.shape == description.shape else {
      throw CheckpointError(
        file: file.path,
        .shapesDiffer(
          tensor: tensor.name, expected: description.shape, found: tensor.shape))
    }
    precondition(bytes.byteCount == tensor.bytes.count, "\(tensor.name): other bytes")
    try read(tensor, from: 0, into: bytes)
  }

  /// Reads a part of a tensor's bytes.
  ///
  /// - Precondition: The part lies within the tensor.
  public func read(
    _ tensor: SafetensorsHeader.Tensor, from first: Int, into bytes: consuming MutableRawSpan
  ) throws(CheckpointError) {
    precondition(
      first >= 0 && bytes.byteCount <= tensor.bytes.count - first, "\(tensor.name): too short")
    try bytes.withUnsafeMutableBytes { buffer throws(CheckpointError) in
      try file.read(into: buffer, at: header.dataStart + tensor.bytes.lowerBound + first)
    }
  }

  /// The path, for messages.
  public var path: String { file.path }
}
