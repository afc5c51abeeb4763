import Foundation
import Testing

/// What the articles say of the code.
@Suite("Articles")
struct ArticleTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static let articles: [URL] = {
    let files = FileManager.default.enumerator(
      at: root.appendingPathComponent("Sources"), includingPropertiesForKeys: nil)
    return (files?.compactMap { $0 as? URL } ?? []).filter { $0.path.contains(".docc/") }
      .filter { $0.pathExtension == "md" }
  }()

  /// Lines without the blanks around them, and without empty ones.
  private static func lines(_ text: String) -> [String] {
    text.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  /// The blocks of code of a language in an article.
  private static func blocks(_ language: String, of article: URL) throws -> [[String]] {
    try String(contentsOf: article, encoding: .utf8).components(separatedBy: "```\(language)\n")
      .dropFirst().map { lines($0.components(separatedBy: "\n```")[0]) }
  }

  @Test func swiftOfTheArticles_isCompiledHere() throws {
    let file = Self.root.appendingPathComponent("Tests/DocumentationTests/Examples.swift")
    let code = Self.lines(try String(contentsOf: file, encoding: .utf8)).joined(separator: "\n")
    var count = 0
    for article in Self.articles {
      for block in try Self.blocks("swift", of: article) {
        count += 1
        #expect(
          code.contains(block.joined(separator: "\n")),
          "\(article.lastPathComponent): not in Examples.swift:\n\(block.joined(separator: "\n"))")
      }
    }
    #expect(count >= 3)
  }

  /// Every file and folder that an article names is there.
  @Test func pathsOfTheArticles_exist() throws {
    var count = 0
    for article in Self.articles {
      let text = try String(contentsOf: article, encoding: .utf8)
      for match in text.matches(of: /`((?:Sources|Jobs|Tests)\/[A-Za-z0-9_.+\/-]+)`/) {
        count += 1
        let path = Self.root.appendingPathComponent(String(match.1)).path
        #expect(
          FileManager.default.fileExists(atPath: path), "\(article.lastPathComponent): \(match.1)")
      }
    }
    #expect(count >= 5)
  }
}
