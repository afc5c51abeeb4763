import AlignedBuffers
import Checkpoints
import Foundation

/// What became of the files that a rank wrote.
struct WrittenFiles: Sendable {
  /// The digest of each file by its name; empty when one could not be written.
  var digests: [String: FileDigest] = [:]
  /// The hash of the parameters, from the keeper.
  var weightHash = WeightHash(0)
  /// Why a file could not be written.
  var failure: CheckpointError?

  /// The number of words that tell it to rank 0.
  static let wordCount = 8

  /// Writes files, one after the other.
  ///
  /// - Parameter data: Lends the data of a file piece by piece.
  static func write(
    _ files: [CheckpointContent.File], step: Int, to folder: CheckpointFolder,
    atPhase: @escaping @Sendable (CheckpointPhase) -> Void,
    data: (CheckpointContent.File, (RawSpan) throws -> Void) throws -> Void
  ) -> WrittenFiles {
    var written = WrittenFiles()
    do {
      try folder.makePartial(of: step)
      for file in files {
        var writer = try SafetensorsWriter(
          path: "\(folder.partialPlace(of: step))/\(file.name)", tensors: file.tensors,
          metadata: file.metadata, atPhase: atPhase)
        try data(file) { try writer.append($0) }
        written.digests[file.name] = try writer.finish()
      }
    } catch {
      written.digests = [:]
      written.failure =
        error as? CheckpointError
        ?? CheckpointError(
          file: folder.partialPlace(of: step), .unwritable(reason: "\(error)"))
    }
    return written
  }

  /// The message to rank 0: success, then size and hash of the rank's file, of the parameters and of
  /// the shared state, then the hash of the parameters.
  func words(rankFile: String) -> [UInt64] {
    let names = [rankFile, CheckpointFolder.weightsFile, CheckpointFolder.sharedFile]
    let digests: [UInt64] = names.flatMap { name in
      self.digests[name].map { [UInt64($0.bytes), $0.hash] } ?? [0, 0]
    }
    return [failure == nil ? 1 : 0] + digests + [weightHash.value]
  }
}

/// A copy of what a rank writes, so that steps go on while it is written.
///
/// Room is made once. The training loop fills it, then the writing thread reads it: never both.
final class Snapshot: @unchecked Sendable {
  let files: [CheckpointContent.File]
  private let parameters: Int
  private var bytes: AlignedBuffer<UInt8>

  /// - Parameter parameters: Their number; they come first in the file of weights.
  init(files: [CheckpointContent.File], parameters: Int) {
    self.files = files
    self.parameters = parameters
    bytes = AlignedBuffer(repeating: 0, count: files.reduce(0) { $0 + $1.byteCount })
  }

  /// Copies the state as it is now.
  func fill(from content: CheckpointContent) throws {
    try bytes.withMutableSpan { span in
      var span = span
      var target = span.mutableBytes
      var place = 0
      for file in files {
        try content.withData(of: file) { piece in
          piece.withUnsafeBytes { source in
            target.withUnsafeMutableBytes { target in
              if let base = target.baseAddress, let start = source.baseAddress {
                memcpy(base + place, start, source.count)
              }
            }
          }
          place += piece.byteCount
        }
      }
    }
  }

  /// Writes the copy.
  func write(
    step: Int, to folder: CheckpointFolder, atPhase: @escaping @Sendable (CheckpointPhase) -> Void
  ) -> WrittenFiles {
    var place = 0
    return bytes.withSpan { span in
      var hash = WeightHash(0)
      var written = WrittenFiles.write(files, step: step, to: folder, atPhase: atPhase) {
        file, append in
        let data = span.bytes.extracting(place..<place + file.byteCount)
        if file.name == CheckpointFolder.weightsFile {
          hash = WeightHash(ofBytes: data.extracting(0..<4 * parameters))
        }
        place += file.byteCount
        try append(data)
      }
      written.weightHash = hash
      return written
    }
  }
}
