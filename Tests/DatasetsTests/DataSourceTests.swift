import Foundation
import Testing

@testable import Datasets

@Suite("Data sources")
struct DataSourceTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func writeImages(_ prefix: String, labels: [UInt8], suffix: String = "") throws {
    let images = idx([labels.count, 1, 2], (0..<2 * labels.count).map { UInt8($0) })
    let pack = suffix.isEmpty ? { $0 } : gzip
    _ = try folder.write("\(prefix)-images-idx3-ubyte\(suffix)", pack(images))
    _ = try folder.write("\(prefix)-labels-idx1-ubyte\(suffix)", pack(idx([labels.count], labels)))
  }

  @Test(arguments: [
    ("fashion-mnist", DataSource.fashionMNIST), ("idx:a/b", .idx(folder: "a/b")),
    ("idx:/x:y", .idx(folder: "/x:y")), ("libsvm:a.txt", .libsvm(file: "a.txt")),
    ("cifar-10:a/b", .cifar10(folder: "a/b")), ("cifar-100:/x:y", .cifar100(folder: "/x:y")),
  ])
  func parse_forms(text: String, source: DataSource) throws {
    #expect(try DataSource(parsing: text) == source && source.description == text)
  }

  @Test(arguments: [
    "", "mnist", "cifar-10", "cifar:x", "idx", "idx:", "libsvm:", "csv:x", "fashion-mnist:", ":x",
    "IDX:x",
  ])
  func parse_otherForms(text: String) {
    let error = #expect(throws: DatasetError.self) { try DataSource(parsing: text) }
    #expect(error?.defect == .unknownSource)
    #expect(error?.description.contains("cifar-10:FOLDER, cifar-100:FOLDER, libsvm:FILE,") == true)
  }

  @Test(arguments: ["", ".gz"])
  func idx_withTestSet(suffix: String) throws {
    try writeImages("train", labels: [0, 1, 2], suffix: suffix)
    try writeImages("t10k", labels: [2, 0], suffix: suffix)
    let data = try DataSource.idx(folder: folder.path).load()
    #expect(data.training.count == 3 && data.training.width == 2 && data.training.classCount == 3)
    #expect(data.test?.labels == [2, 0] && data.test?.classCount == 3)
  }

  @Test func idx_withoutTestSet() throws {
    try writeImages("train", labels: [0, 1, 2])
    #expect(try DataSource.idx(folder: folder.path).load().test == nil)
    try writeImages("t10k", labels: [2, 0])
    try FileManager.default.removeItem(atPath: folder.path + "/t10k-labels-idx1-ubyte")
    let error = #expect(throws: DatasetError.self) {
      try DataSource.idx(folder: folder.path).load()
    }
    #expect(error?.file == folder.path + "/t10k-labels-idx1-ubyte.gz")
  }

  @Test func fashionMNIST_missingNamesThePackage() {
    let error = #expect(throws: DatasetError.self) {
      try DataSource.fashionMNIST.load(fashionMNISTFolder: folder.path + "/none")
    }
    #expect(error?.description.contains("apt-get install dataset-fashion-mnist") == true)
  }

  @Test func fashionMNIST_hasTenClasses() throws {
    try writeImages("train", labels: [0, 1, 2])
    let data = try DataSource.fashionMNIST.load(fashionMNISTFolder: folder.path)
    #expect(data.training.classCount == 10)
    try writeImages("train", labels: [0, 10, 2])
    let error = #expect(throws: DatasetError.self) {
      try DataSource.fashionMNIST.load(fashionMNISTFolder: folder.path)
    }
    #expect(error?.defect == .labelOutOfRange(sample: 1, label: 10, classCount: 10))
  }

  @Test func libsvm_testSetLiesBeside() throws {
    let file = try folder.write("heart", text: "-1 1:1 2:1\n1 2:1\n")
    #expect(try DataSource.libsvm(file: file).load().test == nil)
    _ = try folder.write("heart.t", text: "1 1:3\n")
    let data = try DataSource.libsvm(file: file).load()
    #expect(data.training.labels == [0, 1] && data.training.width == 2)
    #expect(data.test?.labels == [1] && data.test?.width == 2)
  }
}
