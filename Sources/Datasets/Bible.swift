internal import CXXHash
internal import Foundation

/// The King James Bible as Debian's packages bible-kjv and bible-kjv-text have it.
///
/// `bible` takes a while to unpack it, so the bytes are kept in the user's cache, in a file whose
/// name has their XXH3 hash; one that was damaged is not taken.
enum Bible {
  /// The program that prints it.
  static let program = "/usr/bin/bible"

  /// The text: a line a verse.
  ///
  /// - Parameters:
  ///   - program: Prints a line a verse, led by its reference and a blank.
  ///   - cache: The folder of the cache.
  static func load(
    program: String = program, cache: String = cacheFolder
  ) throws(DatasetError) -> [UInt8] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []
    for name in names.sorted() where name.hasPrefix("bible-kjv-") {
      let bytes = FileManager.default.contents(atPath: "\(cache)/\(name)").map(Array.init)
      if let bytes, name == fileName(of: bytes) { return bytes }
    }
    let text = withoutReferences(try output(of: program))
    // Without a cache it works as well, only more slowly.
    try? FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
    try? Data(text).write(
      to: URL(fileURLWithPath: "\(cache)/\(fileName(of: text))"), options: .atomic)
    return text
  }

  private static var cacheFolder: String {
    let environment = ProcessInfo.processInfo.environment
    return (environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache") + "/signum"
  }

  private static func fileName(of bytes: [UInt8]) -> String {
    let hash = String(CXXHash64(bytes, bytes.count, 0), radix: 16)
    return "bible-kjv-" + String(repeating: "0", count: 16 - hash.count) + hash + ".txt"
  }

  private static func output(of program: String) throws(DatasetError) -> [UInt8] {
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw DatasetError(
        file: program,
        .missing(remedy: "run: sudo apt-get install bible-kjv bible-kjv-text"))
    }
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["-f", "Gen1:1-Rev22:21"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    do { try process.run() } catch {
      throw DatasetError(file: program, .unreadable(reason: "\(error)"))
    }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0, !output.isEmpty else {
      throw DatasetError(
        file: program,
        .unreadable(
          reason: "\(output.count) bytes and exit code \(process.terminationStatus) of it"))
    }
    return Array(output)
  }

  /// The lines without what leads up to the first blank of each.
  private static func withoutReferences(_ text: [UInt8]) -> [UInt8] {
    var verses: [UInt8] = []
    verses.reserveCapacity(text.count)
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let reference = line.prefix { $0 != UInt8(ascii: " ") }
      verses += line.dropFirst(reference.count + 1)
      verses.append(UInt8(ascii: "\n"))
    }
    return verses
  }
}
