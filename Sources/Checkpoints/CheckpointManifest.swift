internal import Foundation

/// `manifest.json`: what a checkpoint is of, and the digest of each of its files.
///
/// JSON in one object; its last member `xxh3` is the XXH3 hash of all bytes before that member's
/// line, so a damaged manifest is seen too. Names of files follow from the number of ranks and are
/// never taken from the text.
public struct CheckpointManifest: Hashable, Sendable, Codable {
  /// The version of this format.
  public static let currentVersion = 1
  /// The largest manifest that is read, in bytes.
  static let maximumBytes = 1 << 26
  /// The name in the folder of a checkpoint.
  static let fileName = "manifest.json"

  /// The version of the format.
  public var version = CheckpointManifest.currentVersion
  /// The identifier of the run, the same in all its jobs.
  public var runIdentifier: String
  /// The number of steps done.
  public var step: Int
  /// The epoch that comes next or goes on, from 0.
  public var epoch: Int
  /// The number of its samples that were used.
  public var entriesUsed: Int
  /// The step of the learning rate's course that comes next.
  public var scheduleStep: Int
  /// The steps of the learning rate's course.
  public var scheduleSteps: Int
  /// The number of ranks, each with a file.
  public var ranks: Int
  /// The number of threads of each rank.
  public var threads: [Int]
  /// What gradients also depend on, by name: instruction set, version of oneDNN.
  public var machine: [String: String]
  /// Every option that the course of the run depends on, by name.
  public var configuration: [String: String]
  /// The XXH3 hash of the parameters.
  public var weightHash: String
  /// The size and hash of each file, by its name.
  public var files: [String: File]

  /// The digest of a file as the manifest has it.
  public struct File: Hashable, Sendable, Codable {
    /// The size in bytes.
    public var bytes: Int
    /// The XXH3 hash, 16 hexadecimal digits.
    public var xxh3: String

    /// The digest of a file.
    public init(_ digest: FileDigest) {
      bytes = digest.bytes
      xxh3 = digest.hashText
    }

    /// The digest; nil for a hash that is none.
    var digest: FileDigest? {
      UInt64(xxh3, radix: 16).map { FileDigest(bytes: bytes, hash: $0) }
    }
  }

  /// A manifest; what is not a parameter here is set afterwards.
  public init(runIdentifier: String, step: Int, ranks: Int) {
    self.runIdentifier = runIdentifier
    self.step = step
    self.ranks = ranks
    epoch = 0
    entriesUsed = 0
    scheduleStep = 0
    scheduleSteps = 0
    threads = []
    machine = [:]
    configuration = [:]
    weightHash = ""
    files = [:]
  }
}

extension CheckpointManifest {
  private static let seal = "\n  ,\"xxh3\" : \""

  /// The text of the file.
  var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let json = try? encoder.encode(self), json.last == UInt8(ascii: "}") else {
      preconditionFailure("a manifest cannot be encoded")
    }
    var body = String(decoding: json.dropLast(), as: UTF8.self)
    while body.last?.isWhitespace == true { body.removeLast() }
    return body + Self.seal + FileDigest(of: Array(body.utf8)).hashText + "\"\n}\n"
  }

  /// Reads the text of a manifest.
  ///
  /// - Throws: `CheckpointError` when it is damaged or of another version.
  public init(text: String, path: String) throws(CheckpointError) {
    func refusal(_ found: String) -> CheckpointError {
      CheckpointError(file: path, .notAManifest(found: found))
    }
    guard let mark = text.range(of: Self.seal, options: .backwards) else {
      throw refusal("no hash at its end")
    }
    let body = text[..<mark.lowerBound]
    let hash = FileDigest(of: Array(body.utf8)).hashText
    guard text[mark.lowerBound...] == Self.seal + hash + "\"\n}\n" else {
      throw refusal("bytes of the hash \(hash) with another hash at the end")
    }
    struct VersionOnly: Codable { var version: Int }
    let data = Data((body + "}").utf8)
    guard let version = try? JSONDecoder().decode(VersionOnly.self, from: data) else {
      throw refusal("no version")
    }
    guard version.version == Self.currentVersion else {
      throw refusal("version \(version.version), this program reads \(Self.currentVersion)")
    }
    do {
      self = try JSONDecoder().decode(CheckpointManifest.self, from: data)
    } catch {
      throw refusal("members that are missing or of another type")
    }
    try checkNumbers(refusal)
  }

  private func checkNumbers(_ refusal: (String) -> CheckpointError) throws(CheckpointError) {
    let numbers = [step, epoch, entriesUsed, scheduleStep, scheduleSteps]
    guard numbers.allSatisfy({ $0 >= 0 && $0 < 1 << 44 }) else {
      throw refusal("a step or an epoch out of range")
    }
    guard ranks > 0, threads.count == ranks, threads.allSatisfy({ $0 > 0 && $0 <= 4096 }) else {
      throw refusal("\(ranks) ranks with \(threads.count) numbers of threads")
    }
    let required =
      (0..<ranks).map { CheckpointFolder.rankFile($0, of: ranks) }
      + [CheckpointFolder.weightsFile]
    let optional = [CheckpointFolder.sharedFile]
    guard required.allSatisfy({ files[$0] != nil }),
      files.keys.allSatisfy({ required.contains($0) || optional.contains($0) })
    else { throw refusal("other files than those of \(ranks) ranks") }
    guard files.values.allSatisfy({ $0.bytes >= 0 && $0.digest != nil }) else {
      throw refusal("a file without size or hash")
    }
  }

  /// Reads the manifest in the folder of a checkpoint.
  ///
  /// - Throws: `CheckpointError` when it is missing, cannot be read or is too large.
  static func readText(in folder: String) throws(CheckpointError) -> String {
    let path = "\(folder)/\(fileName)"
    let file = try InputFile(path: path)
    guard file.count <= maximumBytes else {
      throw CheckpointError(
        file: path, .notAManifest(found: "\(file.count) bytes, more than \(maximumBytes)"))
    }
    var bytes = [UInt8](repeating: 0, count: file.count)
    try bytes.withUnsafeMutableBufferPointer { buffer throws(CheckpointError) in
      try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Writes the manifest into the folder of a checkpoint and forces it to the disk.
  func write(into folder: String) throws(CheckpointError) {
    let path = "\(folder)/\(Self.fileName)"
    let bytes = Array(text.utf8)
    do throws(SystemFailure) {
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw SystemFailure() }
      defer { close(descriptor) }
      try bytes.span.bytes.withUnsafeBytes { bytes throws(SystemFailure) in
        try Descriptor.write(bytes, to: descriptor)
      }
      guard fsync(descriptor) == 0 else { throw SystemFailure() }
    } catch {
      throw error.error(path)
    }
  }
}
