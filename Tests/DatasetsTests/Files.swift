import Foundation

/// A folder that is removed with its content when the test ends.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "DatasetsTests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a file and returns its path.
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  /// Writes a text file and returns its path.
  func write(_ name: String, text: String) throws -> String {
    try write(name, Array(text.utf8))
  }
}

/// The bytes of an IDX file of unsigned bytes.
func idx(_ dimensions: [Int], _ elements: [UInt8]) -> [UInt8] {
  [0, 0, 8, UInt8(dimensions.count)] + dimensions.flatMap { bigEndian(UInt32($0)) } + elements
}

/// The bytes of a file of CIFAR's binary version: records of labels, then pixel p of record r is
/// (7 r + p) mod 251.
func cifar(labels: [[UInt8]]) -> [UInt8] {
  labels.enumerated().flatMap { record, labels in
    labels + (0..<3072).map { UInt8((7 * record + $0) % 251) }
  }
}

private func bigEndian(_ value: UInt32) -> [UInt8] {
  [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
}

/// A gzip file of one stored block a piece of 60,000 bytes: no compression, but the checksum
/// counts.
func gzip(_ content: [UInt8]) -> [UInt8] {
  var file: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
  var start = 0
  repeat {
    let end = min(start + 60_000, content.count)
    let length = UInt16(end - start)
    file.append(end == content.count ? 1 : 0)
    for value in [length, ~length] { file += [UInt8(value & 255), UInt8(value >> 8)] }
    file += content[start..<end]
    start = end
  } while start < content.count
  return file + bigEndian(checksum(content)).reversed()
    + bigEndian(UInt32(content.count)).reversed()
}

/// The CRC-32 of gzip, a bit at a time.
private func checksum(_ content: [UInt8]) -> UInt32 {
  ~content.reduce(~0) { state, byte in
    (0..<8).reduce(state ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
  }
}
