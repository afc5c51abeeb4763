internal import CXXHash
internal import Foundation

/// The size and the XXH3 64-bit hash of a file, by which damage is seen.
public struct FileDigest: Hashable, Sendable {
  /// The size in bytes.
  public let bytes: Int
  /// The XXH3 hash of all bytes, without a seed.
  public let hash: UInt64

  /// A digest that was computed before.
  public init(bytes: Int, hash: UInt64) {
    self.bytes = bytes
    self.hash = hash
  }

  /// The digest of the file at a path.
  ///
  /// - Throws: `CheckpointError` when it cannot be read.
  /// - Complexity: reads the file once, a piece at a time; local.
  public init(ofFile path: String) throws(CheckpointError) {
    let file = try InputFile(path: path)
    var hash = StreamingHash()
    var piece = [UInt8](repeating: 0, count: min(file.count, StreamingHash.pieceBytes))
    var place = 0
    while place < file.count {
      let count = min(piece.count, file.count - place)
      try piece.withUnsafeMutableBufferPointer { buffer throws(CheckpointError) in
        let part = UnsafeMutableRawBufferPointer(
          UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        try file.read(into: part, at: place)
        hash.add(UnsafeRawBufferPointer(part))
      }
      place += count
    }
    self.init(bytes: file.count, hash: hash.value)
  }

  /// The digest of bytes in memory.
  init(of bytes: [UInt8]) {
    self.init(bytes: bytes.count, hash: CXXHash64(bytes, bytes.count, 0))
  }

  /// The hash as 16 hexadecimal digits.
  var hashText: String { WeightHash(hash).description }

  /// Checks a file against this digest, the size first.
  ///
  /// - Throws: `CheckpointError` when the file is missing, of another size, or of other bytes.
  public func check(file path: String) throws(CheckpointError) {
    let size = try InputFile(path: path).count
    guard size == bytes else {
      throw CheckpointError(file: path, .sizeDiffers(expected: bytes, found: size))
    }
    let found = try FileDigest(ofFile: path)
    guard found == self else {
      throw CheckpointError(file: path, .hashDiffers(expected: hashText, found: found.hashText))
    }
  }
}

/// XXH3 of bytes that come piece by piece.
struct StreamingHash: ~Copyable {
  /// Bytes that are hashed and then written, or read and then hashed, while the cache holds them.
  static let pieceBytes = 1 << 18

  private let state: OpaquePointer

  init() {
    guard let state = XXH3_createState() else { preconditionFailure("no memory for a hash") }
    self.state = state
    _ = XXH3_64bits_reset(state)
  }

  deinit {
    _ = XXH3_freeState(state)
  }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    _ = XXH3_64bits_update(state, bytes.baseAddress, bytes.count)
  }

  var value: UInt64 { XXH3_64bits_digest(state) }
}
