import Foundation
import Testing

@testable import Datasets

@Suite("IDX files")
struct IDXTests {
  let folder: TemporaryFolder
  let images = idx([4, 2, 3], Array(0..<24))
  let labels = idx([4], [1, 0, 2, 1])

  init() throws { folder = try TemporaryFolder() }

  /// Writes both files and reads them.
  private func read(
    images: [UInt8]? = nil, labels: [UInt8]? = nil, suffix: String = "",
    training: DenseDataset? = nil
  ) throws -> DenseDataset {
    try DenseDataset(
      imagePath: folder.write("images" + suffix, images ?? self.images),
      labelPath: folder.write("labels" + suffix, labels ?? self.labels), training: training)
  }

  private func defect(_ body: () throws -> some Any) throws -> DatasetError.Defect {
    let error = try #require(throws: DatasetError.self) { _ = try body() }
    #expect(!error.description.contains("\n") && error.description.hasPrefix(folder.path))
    return error.defect
  }

  private func defect(
    images: [UInt8]? = nil, labels: [UInt8]? = nil, suffix: String = ""
  ) throws -> DatasetError.Defect {
    try defect { try read(images: images, labels: labels, suffix: suffix) }
  }

  @Test func read_plainAndCompressedAgree() throws {
    let plain = try read()
    let compressed = try read(images: gzip(images), labels: gzip(labels), suffix: ".gz")
    for dataset in [plain, compressed] {
      #expect(dataset.count == 4 && dataset.width == 6 && dataset.shape == [2, 3])
      #expect(dataset.classCount == 3 && dataset.labels == [1, 0, 2, 1])
      #expect(dataset.rows(0..<4) == plain.rows(0..<4))
    }
  }

  @Test func read_huffmanCoded() throws {
    let file = try #require(
      Data(base64Encoded: "H4sIAAAAAAAC/2Ng4GBmYGBgguP/7CDACQAOxRxoGAAAAA=="))
    let dataset = try read(images: [UInt8](file), labels: idx([2], [0, 1]), suffix: ".gz")
    // Mean and deviation of 0, 255, 7, 7, 7, 7, 7, 9, divided by 255, from another program.
    #expect(dataset.normalization.count == 1)
    #expect(abs(dataset.normalization[0].mean - 0.1465686274509804) < 1e-15)
    #expect(abs(dataset.normalization[0].standardDeviation - 0.32271399023361674) < 1e-15)
    let features = [0, 255, 7, 7, 7, 7, 7, 9].map { pixel in
      Float((pixel / 255 - 0.1465686274509804) / 0.32271399023361674)
    }
    for (found, expected) in zip(dataset.rows(0..<2), features) {
      #expect(abs(found - expected) <= expected.ulp)
    }
  }

  @Test func read_manyPieces() throws {
    let pixels = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }
    let file = idx([3, 1_000_000], pixels)
    let compressed = try IDXFile(path: folder.write("big.gz", gzip(file)), ranks: 2...2)
    #expect(compressed.bytes == pixels && compressed.dimensions == [3, 1_000_000])
    #expect(try IDXFile(path: folder.write("big", file), ranks: 2...2).bytes == pixels)
  }

  @Test func copyRow_givesTheSamplesInAnyOrder() throws {
    let dataset = try read()
    #expect(dataset.rows([3, 0]) == dataset.rows([3]) + dataset.rows([0]))
    #expect(dataset.labels[3] == 1)
    #expect(Set(dataset.rows(0..<4)).count == 24)
  }

  @Test func normalization_ofConstantPixelsIsFinite() throws {
    let dataset = try read(images: idx([4, 2], [UInt8](repeating: 8, count: 8)))
    #expect(dataset.rows(0..<4) == [Float](repeating: 0, count: 8))
  }

  @Test func read_testSetTakesTrainingSetsFigures() throws {
    let training = try read()
    let test = try read(
      images: idx([1, 2, 3], [9, 9, 9, 9, 9, 9]), labels: idx([1], [0]),
      training: training)
    #expect(test.normalization == training.normalization && test.classCount == 3)
    #expect(test.rows(0..<1)[0] == training.rows(1..<2)[3])
    #expect(
      try defect { try read(labels: idx([4], [0, 3, 0, 0]), training: training) }
        == .labelOutOfRange(sample: 1, label: 3, classCount: 3))
    #expect(
      try defect { try read(images: idx([4, 3, 2], Array(0..<24)), training: training) }
        == .shapesDiffer(expected: [2, 3], found: [3, 2]))
  }

  @Test func labels_classesAreCountedUnlessThereIsAGapAboveTen() throws {
    #expect(try read(labels: idx([4], [3, 8, 3, 8])).classCount == 9)
    #expect(try read(labels: idx([4], [10, 11, 12, 1])).classCount == 13)
    #expect(
      try defect(labels: idx([4], [1, 2, 200, 1]))
        == .labelOutOfRange(sample: 2, label: 200, classCount: 10))
    #expect(
      try defect(labels: idx([4], [10, 11, 255, 1]))
        == .labelOutOfRange(sample: 2, label: 255, classCount: 12))
  }

  @Test func magic_wrong() throws {
    #expect(
      try defect(images: labels) == .wrongMagic(expected: "00000803 (images)", found: "00000801"))
    #expect(
      try defect(labels: images) == .wrongMagic(expected: "00000801 (labels)", found: "00000803"))
    var floats = images
    floats[2] = 0x0D
    #expect(
      try defect(images: floats) == .wrongMagic(expected: "00000803 (images)", found: "00000d03"))
    #expect(
      try defect(images: Array("<html>".utf8), suffix: ".gz")
        == .wrongMagic(expected: "00000803 (images)", found: "3c68746d"))
  }

  @Test(arguments: ["", ".gz"])
  func header_claimsTooMuch(suffix: String) throws {
    func pack(_ file: [UInt8]) -> [UInt8] { suffix.isEmpty ? file : gzip(file) }
    #expect(
      try defect(images: pack(idx([1 << 31, 28, 28], [1])), suffix: suffix)
        == .tooManySamples(found: 1 << 31, limit: 1 << 31 - 1))
    let huge = try defect(images: pack(idx([1 << 30, 1 << 31, 1 << 31], [1])), suffix: suffix)
    #expect(huge == .tooLarge(bytes: Int.max, limit: machineMemoryBytes))
    // Within the memory of the machine, but more than the file can hold.
    let file = pack(idx([1 << 20, 28, 28], [1]))
    let limit = suffix.isEmpty ? file.count : file.count * FileInput.maximumExpansion
    #expect(
      try defect(images: file, suffix: suffix)
        == .truncated(expectedBytes: 16 + 784 << 20, foundBytes: limit))
  }

  @Test func header_largerThanMemory() throws {
    let path = try folder.write("images", images)
    #expect(
      try defect { try IDXFile(path: path, ranks: 3...3, memoryLimit: 23) }
        == .tooLarge(bytes: 24, limit: 23))
  }

  @Test func header_noSamplesOrNoPixels() throws {
    #expect(try defect(images: idx([0, 2, 3], [])) == .empty)
    #expect(try defect(images: idx([4, 2, 0], [])) == .empty)
    #expect(try defect(labels: idx([0], [])) == .empty)
  }

  @Test func plain_truncatedAnywhere() throws {
    for count in 0..<images.count {
      let expected = count < 4 ? 4 : count < 16 ? 16 : 40
      #expect(
        try defect(images: Array(images.prefix(count)))
          == .truncated(expectedBytes: expected, foundBytes: count))
    }
  }

  @Test func compressed_truncatedAnywhere() throws {
    let file = gzip(images)
    for count in 10..<file.count {
      switch try defect(images: Array(file.prefix(count)), suffix: ".gz") {
      case .truncatedArchive(let bytes): #expect(bytes <= images.count)
      case let other: Issue.record("\(count) bytes: \(other)")
      }
    }
  }

  @Test func compressed_contentTooShort() throws {
    #expect(
      try defect(images: gzip(images.dropLast()), suffix: ".gz")
        == .truncated(expectedBytes: 40, foundBytes: 39))
  }

  @Test func compressed_damaged() throws {
    var file = gzip(images)
    file[file.count - 10] ^= 1
    guard case .damagedArchive = try defect(images: file, suffix: ".gz") else {
      Issue.record("a wrong checksum was accepted")
      return
    }
  }

  @Test(arguments: ["", ".gz"])
  func trailingBytes(suffix: String) throws {
    let file = suffix.isEmpty ? images + [0] : gzip(images + [0])
    #expect(try defect(images: file, suffix: suffix) == .trailingBytes(expectedBytes: 40))
  }

  @Test func counts_differ() throws {
    let labelFile = folder.path + "/labels"
    #expect(
      try defect(labels: idx([3], [1, 0, 2]))
        == .countsDiffer(samples: 4, labels: 3, labelFile: labelFile))
  }

  @Test func path_missingFolderOrUnreadable() throws {
    let file = try folder.write("file", images)
    let other = folder.path + "/other"
    #expect(try defect { try FileInput(path: other) } == .missing(remedy: "check the path"))
    #expect(try defect { try FileInput(path: folder.path) } == .notAFile)
    guard case .unreadable = try defect({ try FileInput(path: file + "/below") }) else {
      Issue.record("a path below a file was accepted")
      return
    }
  }

  private func defect(_ body: () throws -> FileInput) throws -> DatasetError.Defect {
    try defect { () throws -> Int in try body().fileBytes }
  }
}

extension DenseDataset {
  /// The features of samples, one by one.
  func rows(_ samples: some Sequence<Int>) -> [Float] {
    samples.flatMap { sample in
      var row = [Float](repeating: .nan, count: width)
      var span = row.mutableSpan
      copyRow(sample, into: &span)
      return row
    }
  }
}
