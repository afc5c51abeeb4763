import Foundation
import Testing

@testable import Datasets

@Suite struct TextTests {
  /// All samples of a part, as rows.
  private func rows(of dataset: Dataset) throws -> (rows: [[Float]], predicted: [Int]) {
    guard case .text(let text) = dataset else { throw CocoaError(.fileReadUnknown) }
    var rows: [[Float]] = []
    for sample in 0..<text.count {
      var row = [Float](repeating: -1, count: text.context + 1)
      var span = row.mutableSpan
      text.copyRow(sample, into: &span)
      rows.append(row)
    }
    return (rows, (0..<text.count).map(text.predictedCount))
  }

  @Test(arguments: [false, true])
  func eachByteButTheFirstIsPredictedOnce(isCompressed: Bool) throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<200).map { UInt8($0) }
    let file = try folder.write("text", isCompressed ? gzip(bytes) : bytes)
    let data = try DataSource(parsing: "text:\(file)").load(context: 4)
    let training = try rows(of: data.training)
    // 190 bytes: 47 whole windows, and a byte that has no window.
    #expect(training.rows.count == 47 && data.training.width == 5 && data.training.count == 47)
    #expect(training.rows[46] == [184, 185, 186, 187, 188])
    #expect(training.predicted == Array(repeating: 4, count: 47))
    let test = try rows(of: try #require(data.test))
    #expect(
      test.rows == [[190, 191, 192, 193, 194], [194, 195, 196, 197, 198], [198, 199, 0, 0, 0]])
    #expect(test.predicted == [4, 4, 1])
  }

  @Test(arguments: [(0, 4), (4, 4), (20, 19), (19, 4)])
  func textTooShort_isOneLine(bytes: Int, context: Int) throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("text", [UInt8](repeating: 65, count: bytes))
    let error = #expect(throws: DatasetError.self) {
      try DataSource(parsing: "text:\(file)").load(context: context)
    }
    #expect(error?.defect == .textTooShort(bytes: bytes, context: context))
    #expect(error?.description.contains("smaller --context") == true)
    #expect(error?.description.contains("\n") == false)
  }

  @Test func sources_areReadAndWritten() throws {
    for text in ["bible", "text:a:b"] {
      let source = try DataSource(parsing: text)
      #expect(source.description == text && source.isText)
    }
    #expect(throws: DatasetError.self) { try DataSource(parsing: "bible:") }
  }

  @Test func bible_isStrippedAndKept() throws {
    let folder = try TemporaryFolder()
    let program = try folder.write(
      "bible",
      text: "#!/bin/sh\necho $1 $2 >> \(folder.path)/calls\nprintf 'Ge1:1 In the\\nGe1:2 And\\n'\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
    let cache = folder.path + "/cache/signum"
    func load() throws -> String {
      String(decoding: try Bible.load(program: program, cache: cache), as: UTF8.self)
    }
    #expect(try load() == "In the\nAnd\n")
    #expect(try load() == "In the\nAnd\n")
    let calls = { try String(contentsOfFile: folder.path + "/calls", encoding: .utf8) }
    #expect(try calls() == "-f Gen1:1-Rev22:21\n")
    // A damaged file of the cache is not taken.
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: cache).first)
    try Data("In thx\nAnd\n".utf8).write(to: URL(fileURLWithPath: "\(cache)/\(name)"))
    #expect(try load() == "In the\nAnd\n")
    #expect(try calls().split(separator: "\n").count == 2)
  }

  @Test func bible_missing_namesThePackages() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: DatasetError.self) {
      try Bible.load(program: folder.path + "/none", cache: folder.path)
    }
    #expect(error?.description.contains("bible-kjv bible-kjv-text") == true)
  }
}
