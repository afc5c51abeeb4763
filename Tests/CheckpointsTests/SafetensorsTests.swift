import Foundation
import Testing

@testable import Checkpoints

/// A folder that is removed with its content when the test ends.
private final class TemporaryFolder {
  let path = NSTemporaryDirectory() + "CheckpointsTests-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }
}

@Suite("Safetensors files")
struct SafetensorsTests {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }
  let tensors = [
    TensorEntry(name: "hidden.weight", shape: [2, 3], range: 1..<7),
    TensorEntry(name: "hidden \"bias\"\n\u{1}é", shape: [], range: 0..<1),
    TensorEntry(name: "none", shape: [0, 4], range: 7..<7),
  ]
  let values: [Float] = [.nan, 1, -0.0, .infinity, 0.1, .leastNonzeroMagnitude, -3]
  let metadata = ["step": "12", "a\\b": "line\nend \u{1F600}", "": ""]

  init() throws { temporary = try TemporaryFolder() }

  private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func write_thenRead_givesTheSameBits() throws {
    let path = folder + "/w.safetensors"
    try Safetensors.write(to: path, values: values.span, tensors: tensors, metadata: metadata)
    #expect(try names() == ["w.safetensors"])
    var found = [Float](repeating: 0, count: 8)
    let read = try Safetensors.read(
      from: path, tensors: tensors.reversed(), into: found.mutableSpan)
    #expect(bits(found) == bits(values + [0]) && read == metadata)
    let header = try Safetensors.readHeader(from: path)
    #expect(header.tensors.map(\.shape).sorted { $0.count < $1.count } == [[], [2, 3], [0, 4]])
    #expect(header.metadata == metadata)
  }

  @Test func write_layoutIsTheFormats() throws {
    let path = folder + "/w"
    try Safetensors.write(
      to: path, values: [7, 1, 2].span,
      tensors: [
        TensorEntry(name: "b", shape: [2], range: 1..<3),
        TensorEntry(name: "a", shape: [1, 1], range: 0..<1),
      ], metadata: ["k": "v"])
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let json =
      #"{"__metadata__":{"k":"v"},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
      + #""a":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]}}"#
    let length = (json.utf8.count + 7) / 8 * 8
    #expect(bytes[..<8].elementsEqual([UInt8(length), 0, 0, 0, 0, 0, 0, 0]))
    let padding = String(repeating: " ", count: length - json.utf8.count)
    #expect(String(decoding: bytes[8..<8 + length], as: UTF8.self) == json + padding)
    #expect(
      Array(bytes[(8 + length)...]) == [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0xE0, 0x40])
  }

  @Test func write_replacesInOneStepOrLeavesTheOldFile() throws {
    let path = folder + "/w"
    let tensor = [TensorEntry(name: "a", shape: [1], range: 0..<1)]
    try Safetensors.write(to: path, values: [1].span, tensors: tensor)
    try Safetensors.write(to: path, values: [2].span, tensors: tensor)
    var found: [Float] = [0]
    try Safetensors.read(from: path, tensors: tensor, into: found.mutableSpan)
    #expect(found == [2])
    // A folder at the path cannot be replaced by a file: nothing partial may stay.
    try FileManager.default.createDirectory(
      atPath: folder + "/d/e", withIntermediateDirectories: true)
    let error = #expect(throws: CheckpointError.self) {
      try Safetensors.write(to: folder + "/d", values: [2].span, tensors: tensor)
    }
    guard case .unwritable = error?.defect else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try names() == ["d", "w"])
  }

  @Test func write_missingFolder() throws {
    let error = #expect(throws: CheckpointError.self) {
      try Safetensors.write(to: folder + "/no/w", values: values.span, tensors: tensors)
    }
    #expect(error?.defect == .missingFolder(folder: folder + "/no"))
    #expect(error?.description.contains("mkdir -p '\(folder)/no'") == true)
  }

  @Test func read_otherModel() throws {
    let path = folder + "/w"
    try Safetensors.write(to: path, values: values.span, tensors: tensors)
    func defect(_ tensors: [TensorEntry]) -> CheckpointError.Defect? {
      var found = [Float](repeating: 0, count: 9)
      return #expect(throws: CheckpointError.self) {
        try Safetensors.read(from: path, tensors: tensors, into: found.mutableSpan)
      }?.defect
    }
    #expect(
      defect(tensors + [TensorEntry(name: "x", shape: [1], range: 8..<9)])
        == .missingTensor(name: "x"))
    #expect(defect(tensors.dropLast()) == .unexpectedTensor(name: "none"))
    #expect(
      defect([TensorEntry(name: "hidden.weight", shape: [3, 2], range: 0..<6)])
        == .shapesDiffer(tensor: "hidden.weight", expected: [3, 2], found: [2, 3]))
  }

  @Test func read_noFile() throws {
    func defect(_ path: String) -> CheckpointError.Defect? {
      #expect(throws: CheckpointError.self) { try Safetensors.readHeader(from: path) }?.defect
    }
    #expect(defect(folder + "/none") == .missing)
    #expect(defect(folder) == .notAFile)
    try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/file"))
    guard case .unreadable = defect(folder + "/file/below") else {
      Issue.record("a path below a file was accepted")
      return
    }
  }
}
