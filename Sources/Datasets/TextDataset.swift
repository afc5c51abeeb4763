/// Windows of a text: each has `context` bytes to predict from and as many to predict, the bytes one
/// place later.
public struct TextDataset: Sendable {
  /// The bytes that a sample predicts, but for the last one of a text that is used whole.
  public let context: Int
  /// The number of samples.
  public let count: Int
  private let text: [UInt8]
  private let range: Range<Int>

  /// Samples of a part of a text.
  ///
  /// Sample i starts at byte i · `context` of the part, so that each byte is predicted once.
  ///
  /// - Parameters:
  ///   - text: The whole text.
  ///   - range: The part.
  ///   - context: The bytes of a window.
  ///   - isWhole: Whether a last, shorter window takes the rest of the part.
  init(_ text: [UInt8], _ range: Range<Int>, context: Int, isWhole: Bool) {
    self.text = text
    self.range = range
    self.context = context
    count = (range.count - 1 + (isWhole ? context - 1 : 0)) / context
  }

  /// The number of bytes that a sample predicts, from its second one on.
  public func predictedCount(of sample: Int) -> Int {
    min(context, range.count - 1 - sample * context)
  }

  /// Writes the context + 1 bytes of a sample; 0 where the text is at its end.
  public func copyRow(_ sample: Int, into row: inout MutableSpan<Float>) {
    let start = range.lowerBound + sample * context
    for column in 0...context {
      row[column] = start + column < range.upperBound ? Float(text[start + column]) : 0
    }
  }

  /// The first 95 % of a text to train on, and the rest, the whole of it, to evaluate on.
  ///
  /// - Parameter name: The text's name, for messages.
  /// - Throws: `DatasetError` where one of the parts has no sample.
  static func load(
    _ text: [UInt8], name: String, context: Int
  ) throws(DatasetError) -> LoadedData {
    let border = text.count / 100 * 95 + text.count % 100 * 95 / 100
    guard border > context, text.count - border > 1 else {
      throw DatasetError(file: name, .textTooShort(bytes: text.count, context: context))
    }
    return LoadedData(
      training: .text(TextDataset(text, 0..<border, context: context, isWhole: false)),
      test: .text(TextDataset(text, border..<text.count, context: context, isWhole: true)))
  }
}
