import Foundation
import TestSupport
import Testing

@testable import Checkpoints

/// Whatever a file holds, the readers answer with tensors or with one line.
@Suite("Fuzzed checkpoints", .serialized)
struct FuzzTests {
  private let path = NSTemporaryDirectory() + "fuzz-\(UUID().uuidString)"

  /// - Returns: Whether it was accepted.
  private func isAccepted(_ body: () throws -> Void) throws -> Bool {
    do {
      try body()
      return true
    } catch let error as CheckpointError {
      try #require(!error.description.contains("\n"))
      return false
    }
  }

  @Test func safetensors_areReadOrRefused() throws {
    let sample = try SampleCheckpoint()
    defer {
      sample.remove()
      try? FileManager.default.removeItem(atPath: path)
    }
    try sample.write(1)
    let files = try SampleCheckpoint.files.map {
      Array(try Data(contentsOf: URL(fileURLWithPath: "\(sample.folder.place(of: 1))/\($0)")))
    }
    var fuzzer = Fuzzer(
      corpus: files,
      words: [
        "\"dtype\"", "\"F32\"", "\"U64\"", "\"shape\":[", "\"data_offsets\":[", "__metadata__",
        "{", "}", "]", ",", ":", "\\u0000", "\"\"",
      ], seed: 1)
    let result = try fuzzer.run { bytes in
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      return try isAccepted {
        let file = try StateFile(path: path)
        for tensor in file.header.tensors {
          // What the header says is in the file: no more memory than that is asked for.
          try #require(tensor.bytes.count <= bytes.count)
          var room = [UInt8](repeating: 0, count: tensor.bytes.count)
          var span = room.mutableSpan
          try file.read(
            TensorDescription(name: tensor.name, type: tensor.type, shape: tensor.shape),
            into: span.mutableBytes)
        }
      }
    }
    #expect(result.accepted > 0 && result.refused > result.accepted, "\(result)")
    #expect(result.megabytes < 256, "\(result)")
  }

  @Test func manifests_areReadOrRefused() throws {
    var manifest = SampleCheckpoint.manifest(12)
    for name in SampleCheckpoint.files {
      manifest.files[name] = .init(FileDigest(bytes: 5, hash: 9))
    }
    let seal = "\n  ,\"xxh3\" : \""
    var fuzzer = Fuzzer(
      corpus: [Array(manifest.text.utf8)],
      words: ["\"ranks\" : ", "\"threads\" : [", "{", "}", "[[[[[[[[", "null", "\"files\" : {"],
      seed: 2)
    let result = try fuzzer.run { bytes in
      // Sealed again, so that what lies behind the hash is reached.
      let text = String(decoding: bytes, as: UTF8.self)
      let body = text.range(of: seal, options: .backwards).map { String(text[..<$0.lowerBound]) }
      let sealed =
        (body ?? text) + seal + FileDigest(of: Array((body ?? text).utf8)).hashText + "\"\n}\n"
      return try isAccepted { _ = try CheckpointManifest(text: sealed, path: "m") }
    }
    #expect(result.accepted > 0 && result.refused > result.accepted, "\(result)")
    #expect(result.megabytes < 256, "\(result)")
  }
}
