import Networks
import RunLog

/// The sizes of a generative transformer, and its drop-out (`--model gpt`).
public struct GPTOptions: Equatable, Sendable {
  /// Pairs of attention and perceptron.
  public var layers = 4
  /// The heads of an attention.
  public var heads = 4
  /// The numbers of a byte between the layers.
  public var width = 128
  /// The bytes of a sample.
  public var context = 64
  /// Whether the scores take the weights of the embedding.
  public var tie = false
  /// The probability that a number is dropped in training.
  public var dropout = 0.0

  /// The defaults.
  public init() {}

  /// Checks the sizes, before any data is read.
  ///
  /// - Throws: The first one that cannot be used, in one line.
  func validate() throws(OptionError) {
    let sizes = [
      ("--layers", layers, 4096), ("--heads", heads, 1 << 20), ("--width", width, 1 << 20),
      ("--context", context, 1 << 20),
    ]
    for (flag, size, limit) in sizes where size < 1 || size > limit {
      throw OptionError("\(flag) must lie in 1...\(limit): found \(size)")
    }
    guard width % heads == 0 else {
      throw OptionError(
        "--width \(width) cannot be cut into --heads \(heads) equal parts: give a multiple")
    }
    guard dropout >= 0, dropout < 1 else {
      throw OptionError("--dropout must lie in [0, 1): found \(dropout)")
    }
  }

  /// The model.
  var model: NetworkModel {
    .gpt(
      layers: layers, heads: heads, width: width, context: context, tie: tie, dropout: dropout)
  }

  /// Samples per call of an evaluation, at most: 4,096 bytes of them.
  var evaluationBatch: Int { max(1, 4096 / context) }

  /// The flags with their values, as the run log has them.
  var members: [JSONValue.Member] {
    [
      .init("layers", .integer(layers)), .init("heads", .integer(heads)),
      .init("width", .integer(width)), .init("context", .integer(context)),
      .init("tie", .bool(tie)), .init("dropout", .number(dropout)),
    ]
  }
}

extension GPTOptions {
  /// What a file of parameters says about its model.
  var metadata: [String: String] {
    [
      "model": "gpt", "layers": "\(layers)", "heads": "\(heads)", "width": "\(width)",
      "context": "\(context)", "tie": "\(tie)",
    ]
  }

  /// The sizes in a file's metadata; nil where they are of no GPT.
  init?(metadata: [String: String]) {
    func number(_ name: String) -> Int? { metadata[name].flatMap { Int($0) } }
    guard metadata["model"] == "gpt", let layers = number("layers"), let heads = number("heads"),
      let width = number("width"), let context = number("context"),
      let tie = metadata["tie"].flatMap(Bool.init)
    else { return nil }
    self.layers = layers
    self.heads = heads
    self.width = width
    self.context = context
    self.tie = tie
    guard (try? validate()) != nil else { return nil }
  }
}

extension TrainingOptions {
  /// The data that is taken.
  var dataName: String { data ?? (model == .gpt ? "bible" : "fashion-mnist") }
}
