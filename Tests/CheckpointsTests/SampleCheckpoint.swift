import Foundation
import Testing

@testable import Checkpoints

/// A small checkpoint of three ranks, in a folder of its own.
struct SampleCheckpoint {
  let folder: CheckpointFolder
  static let ranks = 3
  static let tensors = [
    TensorDescription(name: "momentum", shape: [5, 3]),
    TensorDescription(name: "draws", type: .unsigned64, shape: [4]),
  ]

  /// The files of a checkpoint, without the manifest.
  static let files =
    (0..<ranks).map { CheckpointFolder.rankFile($0, of: ranks) } + [
      CheckpointFolder.weightsFile, CheckpointFolder.sharedFile,
    ]

  init(token: String = "test") throws {
    let path = NSTemporaryDirectory() + "checkpoint-\(UUID().uuidString)"
    folder = CheckpointFolder(path: path, token: token)
    try folder.make()
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder.path) }

  /// The manifest of a step, without files.
  static func manifest(_ step: Int) -> CheckpointManifest {
    var manifest = CheckpointManifest(runIdentifier: "run", step: step, ranks: ranks)
    manifest.threads = Array(repeating: 1, count: ranks)
    manifest.configuration = ["lr": "0.1", "text": "\"quoted \\ and ünicode\""]
    manifest.machine = ["oneDNN": "2.6"]
    manifest.weightHash = WeightHash(7).description
    return manifest
  }

  /// Writes all files of a step and commits them.
  func write(_ step: Int, keep: Int = 9) throws {
    var manifest = Self.manifest(step)
    try folder.makePartial(of: step)
    for (number, name) in Self.files.enumerated() {
      var writer = try SafetensorsWriter(
        path: "\(folder.partialPlace(of: step))/\(name)", tensors: Self.tensors,
        metadata: ["slice.draws": "0 4"])
      let numbers = (0..<15).map { Float(number * 100 + $0 + step) }
      try writer.append(numbers.span.bytes)
      let counts: [UInt64] = [1, 2, .max, UInt64(step)]
      try writer.append(counts.span.bytes)
      manifest.files[name] = .init(try writer.finish())
    }
    try folder.commit(manifest, keep: keep)
  }

  /// Reads a step as a run does: manifest, hashes, then every tensor of every file.
  ///
  /// - Returns: The error, or nil for a sound checkpoint.
  func problem(of step: Int) -> CheckpointError? {
    do throws(CheckpointError) {
      let (manifest, _) = try folder.manifest(of: step)
      for share in 0..<2 { try folder.check(manifest, share: share, of: 2) }
      for name in manifest.files.keys.sorted() {
        let file = try StateFile(path: "\(folder.place(of: step))/\(name)")
        for tensor in Self.tensors {
          var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
          var span = bytes.mutableSpan
          try file.read(tensor, into: span.mutableBytes)
        }
      }
      return nil
    } catch {
      return error
    }
  }
}
