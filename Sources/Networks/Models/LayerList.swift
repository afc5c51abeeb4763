/// The layers of a model as text, separated by commas, as `--model` takes them.
///
/// ```
/// convolution 16 3x3 padding 1 no bias, batch normalization, relu,
/// residual [convolution 16 3x3 padding 1, relu] [], global average pooling, flatten, dense 10
/// ```
///
/// A window moves by 1 unless a `stride` is given, a pooling window by its size. The second path of
/// a residual sum is its shortcut; without it the input is passed on.
public struct LayerList: Hashable, Sendable {
  /// The layers in order.
  public let layers: [Layer]
  /// The text, with one blank between words.
  public let description: String

  /// Reads layers.
  ///
  /// - Throws: `LayerListError` with the first text that is no layer.
  public init(parsing text: String) throws(LayerListError) {
    let words = text.replacing(",", with: ", ").split(whereSeparator: \.isWhitespace)
    description = words.joined(separator: " ").replacing(" ,", with: ",")
    layers = try Self.layers(in: description[...])
    if layers.isEmpty { throw LayerListError(text: "") }
  }

  private static func layers(in text: Substring) throws(LayerListError) -> [Layer] {
    var layers: [Layer] = []
    for part in split(text) { layers.append(try layer(part)) }
    return layers
  }

  private static func layer(_ text: Substring) throws(LayerListError) -> Layer {
    guard let rest = text.dropping("residual"), !rest.isEmpty else {
      var words = LayerWords(text)
      guard let layer = words.layer(), words.isEmpty else {
        throw LayerListError(text: String(text))
      }
      return layer
    }
    guard let (path, end) = bracketed(rest) else { throw LayerListError(text: String(text)) }
    guard !end.isEmpty else { return .residual(try layers(in: path)) }
    guard let (shortcut, left) = bracketed(end), left.isEmpty else {
      throw LayerListError(text: String(text))
    }
    return .residual(try layers(in: path), shortcut: try layers(in: shortcut))
  }

  /// The parts between commas that lie in no brackets; none of a blank text.
  private static func split(_ text: Substring) -> [Substring] {
    var depth = 0
    var parts = [text.prefix(0)]
    for index in text.indices {
      switch text[index] {
      case "[": depth += 1
      case "]": depth -= 1
      case "," where depth == 0:
        parts.append(text[text.index(after: index)...].prefix(0))
        continue
      default: break
      }
      parts[parts.count - 1] = text[parts[parts.count - 1].startIndex...index]
    }
    let trimmed = parts.map { $0.trimmed }
    return trimmed == [""] ? [] : trimmed
  }

  /// What stands in the brackets that a text begins with, and what follows them.
  private static func bracketed(_ text: Substring) -> (inside: Substring, rest: Substring)? {
    guard text.first == "[" else { return nil }
    var depth = 0
    for index in text.indices {
      if text[index] == "[" { depth += 1 }
      if text[index] == "]" { depth -= 1 }
      guard depth == 0 else { continue }
      return (text[..<index].dropFirst(), text[text.index(after: index)...].trimmed)
    }
    return nil
  }
}

/// A text that is no layer.
public struct LayerListError: Error, Hashable, CustomStringConvertible {
  /// The text.
  public let text: String

  /// One line: the text, and what layers there are.
  public var description: String {
    "no layer '\(text)': expected convolution CHANNELS KxK [stride S] [padding P] [no bias], "
      + "batch normalization, relu, maximum pooling KxK [stride S] [padding P], average pooling "
      + "likewise, global average pooling, flatten, dense OUTPUTS, residual [LAYERS] [LAYERS]"
  }
}

/// The words of a layer, taken one after the other.
private struct LayerWords {
  private var rest: Substring

  init(_ text: Substring) { rest = text }

  var isEmpty: Bool { rest.isEmpty }

  mutating func layer() -> Layer? {
    if take("convolution") { return convolution() }
    if take("batch normalization") { return .batchNormalization }
    if take("relu") { return .relu }
    if take("maximum pooling") {
      return pooling().map { .maximumPooling($0.size, stride: $0.stride, padding: $0.padding) }
    }
    if take("average pooling") {
      return pooling().map { .averagePooling($0.size, stride: $0.stride, padding: $0.padding) }
    }
    if take("global average pooling") { return .globalAveragePooling }
    if take("flatten") { return .flatten }
    if take("dense") { return number().map { .dense($0) } }
    return nil
  }

  private mutating func convolution() -> Layer? {
    guard let channels = number(), let kernel = window() else { return nil }
    guard let stride = number(after: "stride", or: 1), let padding = number(after: "padding", or: 0)
    else { return nil }
    return .convolution(
      channels, kernel: kernel, stride: stride, padding: padding, bias: !take("no bias"))
  }

  private mutating func pooling() -> (size: Int, stride: Int, padding: Int)? {
    guard let size = window(), let stride = number(after: "stride", or: size),
      let padding = number(after: "padding", or: 0)
    else { return nil }
    return (size, stride, padding)
  }

  /// Takes words that stand next.
  private mutating func take(_ words: String) -> Bool {
    guard let after = rest.dropping(words) else { return false }
    rest = after
    return true
  }

  private mutating func word() -> Substring {
    let word = rest.prefix { $0 != " " }
    rest = rest.dropFirst(word.count + 1)
    return word
  }

  private mutating func number() -> Int? { Int(word()) }

  private mutating func number(after word: String, or other: Int) -> Int? {
    take(word) ? number() : other
  }

  /// The size of a square window such as `3x3`.
  private mutating func window() -> Int? {
    let sides = word().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    return sides.count == 2 && sides[0] == sides[1] ? sides[0] : nil
  }
}

extension Substring {
  /// What follows words that the text begins with; nil where it does not.
  fileprivate func dropping(_ words: String) -> Substring? {
    guard hasPrefix(words) else { return nil }
    let rest = dropFirst(words.count)
    guard let next = rest.first else { return rest }
    return next == " " ? rest.dropFirst() : nil
  }

  /// The text without blanks at its ends.
  fileprivate var trimmed: Substring {
    var text = self.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text
  }
}
