/// A file of weights or state, or a folder of checkpoints, that cannot be written or read.
///
/// The description is one line: the file, what was expected, what was found, what to do.
public struct CheckpointError: Error, Hashable, Sendable {
  /// What is wrong, one case a defect.
  public enum Defect: Error, Hashable {
    /// The folder to write into does not exist.
    case missingFolder(folder: String)
    /// The system does not let us write; with its reason.
    case unwritable(reason: String)
    /// Nothing is at the path.
    case missing
    /// The path names a folder, a device or the like.
    case notAFile
    /// The system does not let us read; with its reason.
    case unreadable(reason: String)
    /// The file ends within its header.
    case truncatedHeader(expectedBytes: Int, foundBytes: Int)
    /// The header is longer than the limit.
    case headerTooLong(bytes: UInt64, limit: Int)
    /// The header is not the JSON of the format; with the place in the header.
    case malformedHeader(byte: Int, expected: String)
    /// A key occurs twice.
    case duplicateKey(key: String)
    /// A tensor's elements are of another type than what is read.
    case unsupportedType(tensor: String, type: String)
    /// A tensor's shape and its number of bytes differ.
    case sizesDiffer(tensor: String, shape: [Int], bytes: Int)
    /// A tensor's data overlap with another one's.
    case overlap(tensor: String)
    /// Bytes before a tensor's data belong to no tensor.
    case hole(tensor: String)
    /// A tensor's data end behind the end of the file.
    case beyondEnd(tensor: String, dataBytes: Int, foundBytes: Int)
    /// Bytes after the last tensor's data belong to no tensor.
    case trailingBytes(count: Int)
    /// A tensor of the model is not in the file.
    case missingTensor(name: String)
    /// A tensor of the file is not in the model.
    case unexpectedTensor(name: String)
    /// A tensor's shape is not the model's.
    case shapesDiffer(tensor: String, expected: [Int], found: [Int])
    /// The file of a checkpoint has not the size that its manifest says.
    case sizeDiffers(expected: Int, found: Int)
    /// The file of a checkpoint has not the hash that its manifest says.
    case hashDiffers(expected: String, found: String)
    /// The manifest of a checkpoint is not one; with what was found.
    case notAManifest(found: String)
    /// Another process uses the folder; with what it says of itself.
    case locked(holder: String)
    /// The folder holds checkpoints that a new run would mix with its own.
    case holdsCheckpoints(newest: Int)
    /// There is no checkpoint of this step in the folder.
    case noSuchStep(step: Int, found: [Int])
  }

  /// The file as it was named.
  public let file: String
  /// What is wrong.
  public let defect: Defect

  /// An error about a file.
  public init(file: String, _ defect: Defect) {
    self.file = file
    self.defect = defect
  }
}

extension CheckpointError: CustomStringConvertible {
  /// One line: the file, what was expected, what was found, what to do.
  public var description: String { "\(file): \(defect.message)" }
}

extension CheckpointError.Defect {
  fileprivate var message: String {
    switch self {
    case .missingFolder(let folder):
      "expected the folder \(folder), found none; run: mkdir -p '\(folder)'"
    case .unwritable(let reason):
      "cannot be written: \(reason); check the path, its permissions and the free space"
    case .missing:
      "expected a file of weights, found none; check the path"
    case .notAFile:
      "expected a file of weights, found a folder or a device; name the file itself"
    case .unreadable(let reason):
      "expected a readable file, found: \(reason); check the path and its permissions"
    case .missingTensor(let name):
      "expected the tensor '\(shown(name))' of the model, found none; use the model's own weights"
    case .unexpectedTensor(let name):
      "expected the model's tensors only, found '\(shown(name))'; use the model's own weights"
    case .shapesDiffer(let tensor, let expected, let found):
      "expected '\(shown(tensor))' of shape \(expected), found \(found); use the model's own "
        + "weights"
    case .sizeDiffers(let expected, let found):
      "expected \(expected) bytes, as the manifest says, found \(found); use an older checkpoint"
    case .hashDiffers(let expected, let found):
      "expected bytes of the hash \(expected), as the manifest says, found \(found); use an older "
        + "checkpoint"
    case .notAManifest(let found):
      "expected the manifest of a checkpoint, found \(shown(found)); use an older checkpoint"
    case .locked(let holder):
      "another run writes its checkpoints here (\(shown(holder))); wait for its end, or give a "
        + "folder of its own to each"
    case .holdsCheckpoints(let newest):
      "holds the checkpoints of a run, up to step \(newest); go on with it by --resume auto, or "
        + "give a new run another folder"
    case .noSuchStep(let step, let found):
      "no checkpoint of step \(step): "
        + (found.isEmpty
          ? "found none" : "found those of \(found.map(String.init).joined(separator: ", "))")
    default:
      "\(formatMessage); check that it is a safetensors file and copy it again"
    }
  }

  private var formatMessage: String {
    switch self {
    case .truncatedHeader(let expected, let found):
      "expected a header of \(expected) bytes, found a file of \(found)"
    case .headerTooLong(let bytes, let limit):
      "expected a header of at most \(limit) bytes, found \(bytes) claimed"
    case .malformedHeader(let byte, let expected):
      "expected \(expected) at byte \(byte) of the header, found something else"
    case .duplicateKey(let key):
      "expected each key once in the header, found '\(shown(key))' twice"
    case .unsupportedType(let tensor, let type):
      "expected elements F32 in '\(shown(tensor))', found '\(shown(type))', which is not read"
    case .sizesDiffer(let tensor, let shape, let bytes):
      "expected 4 bytes an element in '\(shown(tensor))', found shape \(shape) in \(bytes) bytes"
    case .overlap(let tensor):
      "expected tensors one after the other, found '\(shown(tensor))' overlapping another"
    case .hole(let tensor):
      "expected tensors one after the other, found unused bytes before '\(shown(tensor))'"
    case .beyondEnd(let tensor, let data, let found):
      "expected \(data) bytes of data up to '\(shown(tensor))', found \(found)"
    case .trailingBytes(let count):
      "expected the file to end with its last tensor, found \(count) bytes more"
    default:
      "unusable"
    }
  }
}

/// At most 60 characters of a text from a file, safe to print.
private func shown(_ text: String) -> String {
  let clean = text.unicodeScalars.prefix(60).map { scalar in
    scalar.value < 32 || (127..<160).contains(scalar.value) ? "?" : String(scalar)
  }
  return clean.joined() + (text.unicodeScalars.count > 60 ? "…" : "")
}
