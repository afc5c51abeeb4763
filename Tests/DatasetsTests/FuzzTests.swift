import Foundation
import TestSupport
import Testing

@testable import Datasets

/// Whatever a file holds, the readers answer with samples or with one line.
@Suite("Fuzzed data sets", .serialized)
struct FuzzTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// - Returns: Whether it was accepted.
  private func isAccepted(_ body: () throws -> Void) throws -> Bool {
    do {
      try body()
      return true
    } catch let error as DatasetError {
      try #require(!error.description.contains("\n"))
      return false
    }
  }

  @Test func idx_isReadOrRefused() throws {
    let images = idx([4, 2, 3], Array(0..<24))
    let labels = try folder.write("labels", idx([4], [1, 0, 2, 1]))
    var fuzzer = Fuzzer(corpus: [images, gzip(images)], words: ["\u{8}\u{3}", "\u{1F}"], seed: 3)
    let result = try fuzzer.run { bytes in
      let isZipped = bytes.starts(with: [0x1F, 0x8B])
      let path = try folder.write(isZipped ? "images.gz" : "images", bytes)
      return try isAccepted {
        _ = try DenseDataset(imagePath: path, labelPath: labels, training: nil)
      }
    }
    #expect(result.accepted > 0 && result.refused > result.accepted, "\(result)")
    #expect(result.megabytes < 256, "\(result)")
  }

  @Test func cifar_isReadOrRefused() throws {
    let file = cifar(labels: [[1], [9], [0]])
    var fuzzer = Fuzzer(corpus: [file, gzip(file)], words: ["\u{9}", "\u{A}", "\u{1F}"], seed: 5)
    let result = try fuzzer.run { bytes in
      let path = try folder.write("batch.bin", bytes)
      return try isAccepted { _ = try DenseDataset(cifar: [path], .cifar10) }
    }
    #expect(result.accepted > 0 && result.refused > result.accepted, "\(result)")
    #expect(result.megabytes < 256, "\(result)")
  }

  @Test func libsvm_isReadOrRefused() throws {
    let texts = [
      "+1 1:0.5 3:-2 # remark 9:9\r\n\n# a line\n-1\t2:1e-3  \n1\n-1 4:7",
      "10 1:1 2:2\n2.5 1:1\n-3\n10 7:1e5\n",
    ].map { Array($0.utf8) }
    var fuzzer = Fuzzer(
      corpus: texts + texts.map(gzip), words: ["1:", ":1", "#", "\n", "2147483647:1", " ", "e"],
      seed: 4)
    let result = try fuzzer.run { bytes in
      let path = try folder.write("data", bytes)
      return try isAccepted { _ = try SparseDataset(libsvm: path, training: nil) }
    }
    #expect(result.accepted > 0 && result.refused > result.accepted, "\(result)")
    #expect(result.megabytes < 256, "\(result)")
  }
}
