import Foundation
import Testing

@testable import Datasets

@Suite("CIFAR's binary version")
struct CIFARTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: ["", ".gz"])
  func cifar10_isFiveFilesInOrder(suffix: String) throws {
    let pack = suffix.isEmpty ? { $0 } : gzip
    for number in 1...5 {
      let labels = [[UInt8(number)], [UInt8(number + 4)]]
      _ = try folder.write("data_batch_\(number).bin\(suffix)", pack(cifar(labels: labels)))
    }
    let source = DataSource.cifar10(folder: folder.path)
    #expect(try source.load().test == nil)
    // More than one piece of the reader; the checksum of these tests is slow.
    let testLabels = (0..<(suffix.isEmpty ? 300 : 3)).map { [UInt8($0 % 10)] }
    _ = try folder.write("test_batch.bin\(suffix)", pack(cifar(labels: testLabels)))
    let data = try source.load()
    #expect(data.training.labels == [1, 5, 2, 6, 3, 7, 4, 8, 5, 9])
    #expect(data.training.classCount == 10 && data.training.width == 3072)
    let test = try #require(data.test)
    #expect(test.labels == testLabels.map { Int32($0[0]) })
    guard case .dense(let training) = data.training, case .dense(let images) = test else {
      Issue.record("not dense")
      return
    }
    #expect(training.shape == [3, 32, 32] && images.normalization == training.normalization)
    func feature(_ pixel: Int, channel: Int) -> Float {
      let scale = training.normalization[channel]
      return Float((Double(pixel) / 255 - scale.mean) / scale.standardDeviation)
    }
    // Record 1 of the third file, green, row 2, column 5.
    #expect(row(5, of: training)[1024 + 69] == feature((7 + 1024 + 69) % 251, channel: 1))
    #expect(row(2, of: images)[3071] == feature((7 * 2 + 3071) % 251, channel: 2))
  }

  /// Each channel has the mean 0 and the deviation 1 over the training set.
  @Test func channels_areNormalizedApart() throws {
    let path = try folder.write("batch.bin", cifar(labels: [[1], [4], [6]]))
    let dataset = try DenseDataset(cifar: [path], .cifar10)
    #expect(Set(dataset.normalization).count == 3)
    for channel in 0..<3 {
      let numbers = (0..<3).flatMap { sample in
        row(sample, of: dataset)[channel * 1024..<(channel + 1) * 1024].map(Double.init)
      }
      let mean = numbers.reduce(0, +) / 3072
      let variance = numbers.reduce(0) { $0 + $1 * $1 } / 3072 - mean * mean
      #expect(abs(mean) < 1e-6 && abs(variance - 1) < 1e-6)
    }
  }

  private func row(_ sample: Int, of dataset: DenseDataset) -> [Float] {
    var row = [Float](repeating: 0, count: dataset.width)
    var span = row.mutableSpan
    dataset.copyRow(sample, into: &span)
    return row
  }

  @Test func cifar100_takesTheFineLabel() throws {
    _ = try folder.write("train.bin", cifar(labels: [[3, 99], [19, 0], [0, 42]]))
    _ = try folder.write("test.bin", cifar(labels: [[200, 7]]))
    let data = try DataSource.cifar100(folder: folder.path).load()
    #expect(data.training.labels == [99, 0, 42] && data.training.classCount == 100)
    #expect(data.test?.labels == [7])
  }

  @Test(arguments: ["", ".gz"])
  func damagedFiles_areNamed(suffix: String) throws {
    let pack = suffix.isEmpty ? { $0 } : gzip
    let good = cifar(labels: [[3], [9]])
    func defect(_ bytes: [UInt8]) throws -> DatasetError.Defect? {
      let path = try folder.write("batch\(suffix)", pack(bytes))
      let error = #expect(throws: DatasetError.self) {
        try DenseDataset(cifar: [path], .cifar10)
      }
      #expect(error?.file == path && error?.description.contains("\n") == false)
      return error?.defect
    }
    let short = DatasetError.Defect.partialRecord(recordBytes: 3073, foundBytes: 6145)
    #expect(try defect(Array(good.dropLast())) == short)
    #expect(
      try defect([7]) == .partialRecord(recordBytes: 3073, foundBytes: 1))
    #expect(try defect([]) == .empty)
    #expect(
      try defect(good + cifar(labels: [[10]]))
        == .labelOutOfRange(sample: 2, label: 10, classCount: 10))
  }

  @Test func largeFiles_areRefusedBeforeTheyAreRead() throws {
    let content = cifar(labels: [[1], [2], [3]])
    let plain = try folder.write("plain", content)
    let zipped = try folder.write("zipped", gzip(content))
    for path in [plain, zipped] {
      let error = #expect(throws: DatasetError.self) {
        try DenseDataset(cifar: [path], .cifar10, memoryLimit: 3072)
      }
      guard case .tooLarge(_, 3072) = error?.defect else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func missingFile_isNamed() throws {
    for number in [1, 2, 4, 5] {
      _ = try folder.write("data_batch_\(number).bin", cifar(labels: [[1]]))
    }
    let error = #expect(throws: DatasetError.self) {
      try DataSource.cifar10(folder: folder.path).load()
    }
    #expect(error?.file == folder.path + "/data_batch_3.bin.gz")
  }
}
