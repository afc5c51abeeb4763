import ArgumentParser
import Foundation
import Yams

/// `--config run.yaml`: a file whose keys are the flags of `train`, without the dashes.
enum ConfigurationFile {
  /// The largest file that is read, in bytes.
  private static let sizeLimit = 1 << 20

  /// Puts the flags of the file named by `--config` before the flags of the command line.
  ///
  /// Of a flag given twice the last one counts, so the command line wins.
  ///
  /// - Parameter arguments: The command line without the program's name.
  /// - Returns: The command line with `--config FILE` replaced by what the file says.
  /// - Throws: `ValidationError` in one line when the file cannot be read as flags, or there are two.
  static func expand(_ arguments: [String]) throws -> [String] {
    guard arguments.first == "train" else { return arguments }
    var rest = Array(arguments.dropFirst())
    guard let path = try removePath(from: &rest) else { return arguments }
    if let second = try removePath(from: &rest) {
      throw ValidationError("--config names one file: found \(path) and \(second)")
    }
    var flags = try read(path)
    // The two lengths exclude each other: one on the command line replaces either of the file.
    if rest.contains(where: { isFlag($0, "epochs") || isFlag($0, "steps") }) {
      flags.removeAll { $0.key == "epochs" || $0.key == "steps" }
    }
    return try ["train"] + flags.compactMap { try argument($0.key, $0.value, path) } + rest
  }

  /// A flag of the file as it stands on the command line; nil for one that is switched off.
  private static func argument(_ key: String, _ value: String, _ path: String) throws -> String? {
    guard Train.switchNames.contains(key) else { return "--\(key)=\(value)" }
    guard let isOn = Bool(value) else {
      throw ValidationError("\(path): '\(key)' is true or false: found '\(value)'")
    }
    return isOn ? "--\(key)" : nil
  }

  private static func isFlag(_ argument: String, _ name: String) -> Bool {
    argument == "--" + name || argument.hasPrefix("--" + name + "=")
  }

  private static func removePath(from arguments: inout [String]) throws -> String? {
    guard let index = arguments.firstIndex(where: { isFlag($0, "config") }) else { return nil }
    let argument = arguments.remove(at: index)
    if let equals = argument.firstIndex(of: "=") {
      return String(argument[argument.index(after: equals)...])
    }
    guard index < arguments.count else {
      throw ValidationError("--config needs a file, as in --config run.yaml")
    }
    return arguments.remove(at: index)
  }

  private static func read(_ path: String) throws -> [(key: String, value: String)] {
    guard let file = FileHandle(forReadingAtPath: path),
      let bytes = try? file.read(upToCount: sizeLimit + 1) ?? Data()
    else {
      throw ValidationError("\(path): cannot be read; --config takes a YAML file")
    }
    guard bytes.count <= sizeLimit else {
      throw ValidationError("\(path): a configuration has at most \(sizeLimit) bytes")
    }
    let node: Node?
    do {
      node = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self))
    } catch {
      let lines = "\(error)".split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      throw ValidationError("\(path): not YAML: \(lines.joined(separator: " "))")
    }
    guard let mapping = node?.mapping else {
      throw ValidationError("\(path): expected lines such as 'batch: 64'")
    }
    return try mapping.map { key, value in
      guard let name = key.scalar?.string, let text = text(of: value) else {
        let line = value.mark?.line ?? 0
        throw ValidationError("\(path):\(line): expected a flag's name and one value or a list")
      }
      guard Train.flagNames.contains(name) else {
        throw ValidationError(
          "\(path):\(key.mark?.line ?? 0): no flag '\(name)'; the keys are the flags of "
            + "'signum train --help' without the dashes")
      }
      return (name, text)
    }
  }

  /// A scalar as it is written, a list of scalars joined by commas.
  private static func text(of node: Node) -> String? {
    if let scalar = node.scalar { return scalar.string }
    guard let sequence = node.sequence else { return nil }
    let parts = sequence.map { $0.scalar?.string }
    return parts.contains(nil) ? nil : parts.compactMap(\.self).joined(separator: ",")
  }
}
