package import Foundation

/// A folder for plots and pages, each of which is written whole or not at all.
package struct OutputFolder {
  /// The folder as it was named.
  package let path: String

  /// Makes the folder where there is none.
  ///
  /// - Throws: `OutputFolderError` when it cannot be made or written to.
  package init(_ path: String) throws(OutputFolderError) {
    self.path = path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw OutputFolderError(path: path, reason: error.reason)
    }
    guard access(path, W_OK) == 0 else {
      throw OutputFolderError(path: path, reason: String(cString: strerror(errno)))
    }
  }

  /// The place of a file.
  package func place(of name: String) -> String {
    (path as NSString).appendingPathComponent(name)
  }

  /// Writes a file beside its place and moves it there.
  ///
  /// - Throws: `OutputFolderError`; what was there before then still is.
  package func write(_ bytes: Data, to name: String) throws(OutputFolderError) {
    let place = place(of: name)
    do {
      try bytes.write(to: URL(fileURLWithPath: place), options: .atomic)
    } catch {
      throw OutputFolderError(path: place, reason: error.reason)
    }
  }
}

/// A file or a folder that cannot be written.
package struct OutputFolderError: Error, CustomStringConvertible {
  /// One line: where, what the system says, and what to do.
  package let description: String

  fileprivate init(path: String, reason: String) {
    description = "\(path) cannot be written (\(reason)): make room or name another folder"
  }
}

extension Error {
  /// Why Foundation could not do something, without the dot.
  fileprivate var reason: String {
    let error = self as NSError
    let sentence = error.localizedFailureReason ?? error.localizedDescription
    return sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
  }
}
