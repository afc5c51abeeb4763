import AlignedBuffers
import Checkpoints
import Foundation
import Objectives
import Testing

@testable import Networks

/// Every layer, and the models, against what PyTorch computed in Float64.
///
/// `References/make_references.py` wrote the files, with PyTorch 2.15.
@Suite struct ReferenceTests {
  /// A model, and the name of its file.
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let model: NetworkModel

    init(_ name: String, _ model: NetworkModel) {
      self.name = name
      self.model = model
    }

    var testDescription: String { name }

    /// Layers for images that end in three scores.
    static func images(_ name: String, _ layers: Layer...) -> Case {
      Case(name, NetworkModel(name, input: [2, 7, 6], layers: layers + [.flatten, .dense(3)]))
    }

    /// Layers for tokens, between an embedding and its opposite.
    static func sequences(_ name: String, _ layers: Layer...) -> Case {
      let layers = [.embedding(vocabulary: 7, width: 6)] + layers + [.unembedding(tied: false)]
      return Case(name, NetworkModel(name, input: [5], layers: layers))
    }
  }

  static let cases: [Case] = [
    .images(
      "convolution", .convolution(4, kernel: 3, stride: 2, padding: 1), .relu,
      .convolution(3, kernel: 2, bias: false)),
    .images(
      "maximum-pooling", .convolution(3, kernel: 1), .maximumPooling(3, stride: 2, padding: 1)),
    .images(
      "average-pooling", .convolution(3, kernel: 1), .averagePooling(3, stride: 2, padding: 1)),
    .images("global-pooling", .convolution(4, kernel: 3), .globalAveragePooling),
    .images(
      "batch-normalization", .convolution(4, kernel: 3, bias: false), .batchNormalization, .relu,
      .batchNormalization),
    .images(
      "residual", .convolution(4, kernel: 3, padding: 1), .relu,
      .residual([
        .convolution(4, kernel: 3, padding: 1, bias: false), .batchNormalization, .relu,
        .convolution(4, kernel: 3, padding: 1),
      ]), .relu,
      .residual(
        [.convolution(3, kernel: 1, stride: 2)],
        shortcut: [
          .convolution(3, kernel: 3, stride: 2, padding: 1, bias: false), .batchNormalization,
        ])),
    .sequences("embedding"),
    .sequences("layer-normalization", .layerNormalization, .dense(6), .relu),
    .sequences("gelu", .dense(8), .gelu, .dense(6)),
    .sequences("attention", .dense(18), .causalAttention(heads: 3)),
    Case("mlp", .mlp(input: 6, hidden: [7, 5], classes: 3)),
    Case("cnn", .cnn(input: [1, 5, 6], classes: 3)),
    Case("resnet8", .resnet(input: [1, 28, 28], classes: 3, depth: 8, widths: [4, 8, 8])),
    Case("gpt", .gpt(layers: 2, heads: 2, width: 8, context: 6)),
    Case("gpt-tied", .gpt(layers: 1, heads: 4, width: 8, context: 6, tie: true)),
  ]

  @Test(arguments: cases)
  func network_equalsPyTorch(reference: Case) throws {
    let file = try ReferenceFile(reference.name)
    let network = try Network(
      reference.model, trainingCapacity: 4, evaluationCapacity: 4, threads: 1)
    let batch = try file.batch()
    let parameters = try file.values("parameter.", of: network.layout)

    let (loss, gradient) = try network.gradient(at: parameters, on: batch)
    try file.expect([Float(loss)], "loss")
    for tensor in network.layout.tensors {
      try file.expect(gradient[tensor.range], "gradient.\(tensor.name)")
    }
    if let statistics = network.statistics {
      for tensor in statistics.layout.tensors {
        try file.expect(tensor.range.map { statistics.own[$0] }, "statistics.\(tensor.name)")
      }
      statistics.evaluated.copy(from: statistics.own)
    }
    let scores = try network.run(at: parameters.span, on: batch).scores
    try file.expect(
      (0..<scores.shape.reduce(1, *)).map { unsafe scores.numbers[$0] }, "scores")
    try file.expectNothingElse()
  }
}

/// A file of references, and which of its tensors were used.
private final class ReferenceFile {
  private var tensors: [String: [Float]] = [:]
  private var shapes: [String: [Int]] = [:]
  private var unused: Set<String>

  init(_ name: String) throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("References/\(name).safetensors").path
    var entries: [TensorEntry] = []
    for tensor in try Safetensors.readHeader(from: path).tensors {
      let start = entries.last?.range.upperBound ?? 0
      let count = tensor.shape.reduce(1, *)
      entries.append(
        TensorEntry(name: tensor.name, shape: tensor.shape, range: start..<start + count))
    }
    var values = [Float](repeating: .nan, count: entries.last?.range.upperBound ?? 0)
    try Safetensors.read(from: path, tensors: entries, into: values.mutableSpan)
    for entry in entries {
      tensors[entry.name] = Array(values[entry.range])
      shapes[entry.name] = entry.shape
    }
    unused = Set(tensors.keys)
  }

  private func take(_ name: String) throws -> [Float] {
    unused.remove(name)
    return try #require(tensors[name], "no tensor \(name)")
  }

  func batch() throws -> Batch {
    let (input, labels) = (try take("input"), try take("labels"))
    let width = input.count / labels.count
    var batch = Batch(capacity: labels.count, width: width)
    for (row, label) in labels.enumerated() {
      batch.append(label: Int32(label)) { span in
        for column in 0..<width { span[column] = input[row * width + column] }
      }
    }
    return batch
  }

  /// The tensors of a layout, of its shapes.
  func values(_ prefix: String, of layout: ParameterLayout) throws -> [Float] {
    try layout.tensors.flatMap { tensor in
      #expect(shapes[prefix + tensor.name] == tensor.shape, "\(tensor.name)")
      return try take(prefix + tensor.name)
    }
  }

  /// Compares numbers with a tensor: none is further off than a part of its largest one.
  ///
  /// In the same cases PyTorch in Float32 is up to 3.2e-6 off, in a gradient by batch normalization.
  func expect(_ found: some Collection<Float>, _ name: String) throws {
    let tolerance: Float = 2e-5
    let expected = try take(name)
    try #require(found.count == expected.count, "\(name)")
    let largest = expected.map(abs).max() ?? 0
    let distance = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(distance <= tolerance * largest, "\(name): \(distance / largest) of \(largest)")
  }

  func expectNothingElse() throws {
    #expect(unused.isEmpty, "left over: \(unused.sorted())")
  }
}
