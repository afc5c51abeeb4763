import Foundation
import Testing

@testable import RunLog

@Suite("Log files")
struct RunLogFileTests {
  /// Lends a folder that is removed afterwards.
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "RunLogTests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  @Test func append_everyRecordAtOnceAndNothingIsLost() throws {
    try withFolder { folder in
      let path = folder + "/log.jsonl"
      for round in 1...2 {
        let writer = try RunLogWriter(path: path)
        for (place, record) in allRecords().enumerated() {
          try writer.append(record)
          let count = try readRecords(path).count
          #expect(count == (round - 1) * allRecords().count + place + 1)
        }
      }
      #expect(try readRecords(path) == allRecords() + allRecords())
    }
  }

  @Test func append_afterALineThatWasCutOff() throws {
    try withFolder { folder in
      let path = folder + "/log.jsonl"
      try write(try LogRecord.step(stepRecord(1)).line + "\n{\"type\":\"st", to: path)
      try RunLogWriter(path: path).append(.step(stepRecord(2)))
      #expect(try readRecords(path) == [.step(stepRecord(1)), nil, .step(stepRecord(2))])
    }
  }

  @Test func open_missingFolder() throws {
    try withFolder { folder in
      let error = #expect(throws: RunLogError.self) {
        _ = try RunLogWriter(path: folder + "/no/log.jsonl").append(.step(stepRecord(1)))
      }
      #expect(error?.defect == .missingFolder(folder: folder + "/no"))
      #expect(error?.description.contains("mkdir -p '\(folder)/no'") == true)
    }
  }

  @Test func open_fileInPlaceOfFolder() throws {
    try withFolder { folder in
      try write("", to: folder + "/file")
      let error = #expect(throws: RunLogError.self) {
        _ = try RunLogWriter(path: folder + "/file/log.jsonl").append(.step(stepRecord(1)))
      }
      #expect(error?.defect == .unwritable(reason: "Not a directory"))
    }
  }

  @Test func open_folderInPlaceOfFile() throws {
    try withFolder { folder in
      let error = #expect(throws: RunLogError.self) {
        _ = try RunLogWriter(path: folder).append(.step(stepRecord(1)))
      }
      guard case .unwritable = error?.defect else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test(arguments: ["text\n", "{}", "[1]\n", "{\"kind\":1}\n"])
  func open_otherFile_isLeftAsItIs(content: String) throws {
    try withFolder { folder in
      let path = folder + "/file"
      try write(content, to: path)
      let error = #expect(throws: RunLogError.self) {
        try RunLogWriter(path: path).append(.step(stepRecord(1)))
      }
      #expect(error?.defect == .notALog)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(content.utf8))
    }
  }

  /// Of another process: this one may open the log again.
  @Test func open_whileAnotherRunWrites() async throws {
    let path = NSTemporaryDirectory() + "RunLogTests-\(UUID().uuidString).jsonl"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let writer = try RunLogWriter(path: path)
    await #expect(processExitsWith: .success) { [path = path as String] in
      let error = #expect(throws: RunLogError.self) {
        try RunLogWriter(path: path).append(.step(stepRecord(2)))
      }
      try #require(error?.defect == .inUse)
    }
    try writer.append(.step(stepRecord(1)))
    #expect(try readRecords(path) == [.step(stepRecord(1))])
  }

  @Test func append_fullDisk() throws {
    let writer = try RunLogWriter(path: "/dev/full")
    #expect(throws: RunLogError.self) { try writer.append(.step(stepRecord(1))) }
  }
}
