import Foundation
import Testing

@testable import Datasets

@Suite("LIBSVM files")
struct LIBSVMTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(
    _ text: String, compressed: Bool = false, training: SparseDataset? = nil
  ) throws -> SparseDataset {
    let bytes = Array(text.utf8)
    let path = try folder.write("data", compressed ? gzip(bytes) : bytes)
    return try SparseDataset(libsvm: path, training: training)
  }

  private func error(_ text: String, training: SparseDataset? = nil) throws -> DatasetError {
    let error = try #require(throws: DatasetError.self) { try read(text, training: training) }
    #expect(!error.description.contains("\n") && error.description.hasPrefix(folder.path))
    return error
  }

  @Test(arguments: [false, true])
  func read_usualFile(compressed: Bool) throws {
    let text = "+1 1:0.5 3:-2 # remark 9:9\r\n\n# a line\n-1\t2:1e-3  \n1\n-1 4:7"
    let dataset = try read(text, compressed: compressed)
    #expect(dataset.labels == [1, 0, 1, 0] && dataset.classLabels == [-1, 1])
    #expect(dataset.rowOffsets == [0, 2, 3, 3, 4] && dataset.columns == [0, 2, 1, 3])
    #expect(dataset.values == [0.5, -2, 1e-3, 7])
    #expect(dataset.width == 4 && dataset.maximumRowNonzeros == 2 && dataset.count == 4)
  }

  @Test func labels_becomeClassesInAscendingOrder() throws {
    let dataset = try read("10 1:1\n2.5 1:1\n-3\n10\n")
    #expect(dataset.classLabels == [-3, 2.5, 10] && dataset.labels == [2, 1, 0, 2])
  }

  @Test func testSet_takesTrainingSetsWidthAndClasses() throws {
    let training = try read("1 1:1 2:2\n2 1:3\n5 2:1\n")
    let test = try read("5 2:4 3:5 9:1\n1 7:1\n2 1:6\n", training: training)
    #expect(test.width == 2 && test.labels == [2, 0, 1] && test.classCount == 3)
    #expect(test.rowOffsets == [0, 1, 1, 2] && test.columns == [1, 0] && test.values == [4, 6])
    let failure = try error("1 1:1\n\n3 1:1\n", training: training)
    #expect(failure.line == 3 && failure.defect == .unknownLabel(text: "3.0"))
  }

  @Test func row_isThePlaceOfTheSamplesValues() throws {
    let dataset = try read("0 1:1 4:2\n1\n2 2:3\n")
    #expect(dataset.row(0) == 0..<2 && dataset.row(1).isEmpty && dataset.row(2) == 2..<3)
    #expect(dataset.columns == [0, 3, 1] && dataset.values == [1, 2, 3])
  }

  @Test(arguments: [
    ("1 1:x", DatasetError.Defect.notANumber(text: "x")),
    ("1 1:", .notANumber(text: "")),
    ("1 1:-", .notANumber(text: "-")),
    ("1 1:1.2.3", .notANumber(text: "1.2.3")),
    ("1,2 1:1", .notANumber(text: "1,2")),
    ("cat 1:1", .notANumber(text: "cat")),
    ("1 1:nan", .notFinite(text: "nan")),
    ("1 1:-inf", .notFinite(text: "-inf")),
    ("1 1:1e39", .notFinite(text: "1:1e39")),
    ("1 1:1e999", .notFinite(text: "1e999")),
    ("nan 1:1", .notFinite(text: "nan")),
    ("1 7", .missingColon(text: "7")),
    ("1 :7", .indexNotPositive(text: "")),
    ("1 0:7", .indexNotPositive(text: "0")),
    ("1 -1:7", .indexNotPositive(text: "-1")),
    ("1 qid:7", .indexNotPositive(text: "qid")),
    ("1 268435457:7", .indexTooLarge(text: "268435457", limit: 1 << 28)),
    (
      "1 99999999999999999999:7",
      .indexTooLarge(text: "99999999999999999999", limit: 1 << 28)
    ),
    ("1 2:1 2:1", .indexNotAscending(index: 2, previous: 2)),
    ("1 3:1 2:1", .indexNotAscending(index: 2, previous: 3)),
  ])
  func line_refused(line: String, defect: DatasetError.Defect) throws {
    let failure = try error("1 1:1\n# remark\n\(line)\n1 1:1\n")
    #expect(failure.line == 3 && failure.defect == defect)
    #expect(failure.description.hasPrefix("\(folder.path)/data:3: expected "))
  }

  @Test func line_unprintableTextIsShownSafely() throws {
    let text = String(repeating: "\u{1B}é", count: 40)
    let defect = try error("1 1:\(text)\n").defect
    #expect(defect == .notANumber(text: String(repeating: "?", count: 40) + "…"))
  }

  @Test(arguments: ["", "\n\r\n", "# nothing\n"])
  func file_withoutSamples(text: String) throws {
    #expect(try error(text).defect == .empty)
  }

  @Test func file_largerThanMemory() throws {
    let path = try folder.write("data", text: String(repeating: "1 1:1\n", count: 100))
    let failure = #expect(throws: DatasetError.self) {
      try LIBSVMParser(path: path, memoryLimit: 3199)
    }
    #expect(failure?.defect == .tooLarge(bytes: 3200, limit: 3199))
  }

  /// Lines that cross the pieces in which the file is read, and one longer than a piece.
  @Test func file_longerThanAPiece() throws {
    let long = (1...120_000).map { " \($0):\($0 % 7)" }.joined()
    let short = (0..<60_000).map { "\($0 % 3) 1:\($0) 5:0.25" }.joined(separator: "\n")
    let dataset = try read("4\(long)\n\(short)")
    #expect(dataset.count == 60_001 && dataset.maximumRowNonzeros == 120_000)
    #expect(dataset.values[..<120_000].elementsEqual((1...120_000).map { Float($0 % 7) }))
    let firsts = stride(from: 120_000, to: dataset.values.count, by: 2).map { dataset.values[$0] }
    #expect(firsts == (0..<60_000).map { Float($0) })
  }
}

@Suite("Decimal numbers")
struct DecimalNumberTests {
  private func value(_ text: String) -> Double? {
    Array(text.utf8).withUnsafeBufferPointer { DecimalNumber().value(of: $0[...]) }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func value_equalsCLibrary(seed: UInt64) {
    var state = seed
    func random(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    for _ in 0..<5000 {
      let whole = random(1 << 31) % [1, 10, 1000, 1 << 31][Int(random(4))]
      let sign = ["", "-", "+"][Int(random(3))]
      let fraction = String("\(random(1 << 31))\(random(1 << 31))".prefix(Int(random(20))))
      let exponent = random(4) == 0 ? "e-\(random(30))" : ""
      let text = "\(sign)\(whole).\(fraction)\(exponent)"
      #expect(value(text) == strtod(text, nil), "\(text)")
    }
  }

  @Test(arguments: ["", "+", "-", ".", "--1", "1-", "1e", "1 ", "0x", "one"])
  func value_noNumber(text: String) {
    #expect(value(text) == nil)
  }

  @Test func value_edges() {
    #expect(value(".5") == 0.5 && value("5.") == 5 && value("-0")?.sign == .minus)
    #expect(value("000000000000000000001") == 1 && value("0.1") == 0.1)
    #expect(value("9007199254740993") == 9_007_199_254_740_992)
  }
}
