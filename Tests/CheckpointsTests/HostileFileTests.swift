import Foundation
import Testing

@testable import Checkpoints

/// A tensor of a header.
private func entry(
  _ name: String, _ shape: String, _ start: String, _ end: String, type: String = "F32"
) -> String {
  #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(start),\#(end)]}"#
}

/// Files that no honest program writes, one test case a defect.
@Suite("Hostile safetensors files")
struct HostileFileTests {
  /// Reads a file of these bytes.
  private func read(_ bytes: [UInt8]) throws -> SafetensorsHeader {
    let path = NSTemporaryDirectory() + "hostile-\(UUID().uuidString)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    do {
      return try Safetensors.readHeader(from: path)
    } catch {
      #expect(!error.description.contains("\n") && error.description.hasPrefix(path))
      throw error
    }
  }

  private func read(header: String, dataBytes: Int) throws -> SafetensorsHeader {
    try read(
      withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init)
        + Array(header.utf8) + [UInt8](repeating: 0, count: dataBytes))
  }

  private func defect(_ body: () throws -> SafetensorsHeader) -> CheckpointError.Defect? {
    #expect(throws: CheckpointError.self) { _ = try body() }?.defect
  }

  @Test func length_beyondLimitOrFile() {
    let long = withUnsafeBytes(of: UInt64.max.littleEndian, Array.init) + [123, 125]
    #expect(defect { try read(long) } == .headerTooLong(bytes: .max, limit: 100_000_000))
    let beyond = withUnsafeBytes(of: UInt64(100_000_000).littleEndian, Array.init) + [123, 125]
    #expect(
      defect { try read(beyond) } == .truncatedHeader(expectedBytes: 100_000_000, foundBytes: 10))
    #expect(defect { try read([1, 2, 3]) } == .truncatedHeader(expectedBytes: 8, foundBytes: 3))
    #expect(defect { try read([]) } == .truncatedHeader(expectedBytes: 8, foundBytes: 0))
  }

  @Test(arguments: [
    ("{\(entry("a", "[1]", "0", "4")),\(entry("b", "[1]", "0", "4"))}", 8, "overlap"),
    ("{\(entry("a", "[2]", "0", "8")),\(entry("b", "[1]", "4", "8"))}", 8, "overlap"),
    ("{\(entry("a", "[1]", "0", "4")),\(entry("b", "[1]", "8", "12"))}", 12, "hole"),
    ("{\(entry("b", "[1]", "4", "8"))}", 8, "hole"),
    ("{\(entry("b", "[2]", "0", "8"))}", 4, "beyondEnd"),
    ("{\(entry("b", "[1]", "0", "4"))}", 8, "trailingBytes"),
    ("{}", 1, "trailingBytes"),
    ("{\(entry("b", "[3]", "0", "8"))}", 8, "sizesDiffer"),
    ("{\(entry("b", "[1]", "8", "4"))}", 8, "sizesDiffer"),
    ("{\(entry("b", "[4294967296,4294967296]", "0", "0"))}", 0, "sizesDiffer"),
    ("{\(entry("b", "[4611686018427387904]", "0", "0"))}", 0, "sizesDiffer"),
    ("{\(entry("b", "[2]", "0", "4", type: "F16"))}", 4, "unsupportedType"),
    ("{\(entry("b", "[1]", "0", "4")),\(entry("b", "[1]", "4", "8"))}", 8, "duplicateKey"),
    (#"{"__metadata__":{"a":"1","a":"2"}}"#, 0, "duplicateKey"),
    (#"{"b":{"dtype":"F32","dtype":"F32","shape":[1]}}"#, 0, "duplicateKey"),
  ])
  func layout_refused(header: String, dataBytes: Int, kind: String) throws {
    let defect = try #require(defect { try read(header: header, dataBytes: dataBytes) })
    #expect("\(defect)".hasPrefix(kind))
  }

  @Test(arguments: [
    "", " {}", "[]", "{", "{}x", "{} {}", #"{"a"}"#, #"{"a":1}"#, #"{"a":{}}"#, #"{"a":{},}"#,
    #"{"__metadata__":{"a":1}}"#, #"{"__metadata__":"a"}"#, #"{"__metadata__":{"a":"\q"}}"#,
    #"{"__metadata__":{"a":"\"#, #"{"__metadata__":{"a":"b"#, "{\"__metadata__\":{\"a\":\"\n\"}}",
    "{\(entry("b", "[-1]", "0", "4"))}", "{\(entry("b", "[1.0]", "0", "4"))}",
    "{\(entry("b", "[1]", "0", "9223372036854775808"))}", "{\(entry("b", "[1,]", "0", "4"))}",
    "{\(entry("b", "[[1]]", "0", "4"))}", "{\(entry("b", "1", "0", "4"))}",
    #"{"b":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
    #"{"b":{"dtype":"F32","shape":[1]}}"#,
    #"{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#,
    "{\"b\":" + String(repeating: "[", count: 100_000),
  ])
  func json_refused(header: String) throws {
    let defect = try #require(defect { try read(header: header, dataBytes: 4) })
    guard case .malformedHeader = defect else {
      Issue.record("\(defect)")
      return
    }
  }

  @Test func json_invalidTextRefused() throws {
    let header = Array("{\"__metadata__\":{\"a\":\"".utf8) + [0xFF, 0xFE] + Array("\"}}".utf8)
    let bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header
    guard case .malformedHeader = defect({ try read(bytes) }) else {
      Issue.record("bytes that are no UTF-8 were accepted")
      return
    }
  }

  @Test func json_blanksAndEscapesAccepted() throws {
    let header =
      "{ \"a\\u0062\" :\n{\"data_offsets\":[ 0 , 4 ],\"shape\":[ ],\"dtype\":\"F32\"}\t}  \r\n"
    let read = try read(header: header, dataBytes: 4)
    #expect(read.tensors == [.init(name: "ab", shape: [], bytes: 0..<4)])
  }

  @Test func message_showsTextsOfTheFileSafely() throws {
    let name = String(repeating: "\\u001b[31m", count: 30)
    let error = #expect(throws: CheckpointError.self) {
      try read(header: "{\(entry(name, "[1]", "0", "4", type: "I8"))}", dataBytes: 4)
    }
    let text = try #require(error?.description)
    #expect(!text.contains("\u{1B}") && text.count < 400)
  }
}
