internal import AlignedBuffers
internal import COneDNN
internal import CounterRandom
public import Objectives

/// A multilayer perceptron: dense layers with ReLU between them, softmax cross-entropy at the end.
///
/// Tensors, for each layer l: `layer`l`.weight`, outputs x inputs row-major, and `layer`l`.bias`.
/// Matrix products run on oneDNN with bias and ReLU fused, straight on the flat vectors in plain
/// layout (its blocked layouts were measured: no faster once their reorders are counted). The
/// first layer's backward pass skips the gradient of the input. The loss is formed in Double.
///
/// The result is a function of parameters, batch, number of threads, oneDNN's version and
/// instruction set. oneDNN's ReLU gives 0 for NaN, so a NaN feature may show in the first
/// layer's gradient and not in the loss.
///
/// Memory beside the caller's: 8 bytes per sample of the capacity and neuron. The first call with
/// a new number of samples compiles and keeps its operations; later calls allocate nothing here.
///
/// Not supported: sparse batches.
public final class MultilayerPerceptron: Objective {
  /// The named tensors of the parameters.
  public let layout: ParameterLayout
  /// The number of classes, or nil where there is nothing to predict.
  public var classCount: Int? { widths[widths.count - 1] }
  /// The widths of input, hidden layers and output.
  public let widths: [Int]
  /// The largest number of samples in a batch.
  public let batchCapacity: Int
  /// The threads that oneDNN uses.
  public let threads: Int

  let engine: Engine
  /// The outputs of each layer, `batchCapacity` rows; the last layer's are the scores.
  let outputs: [Activations]
  /// The gradients by these outputs.
  let deltas: [Activations]
  /// Each layer's parameters and gradient, pointed into the caller's flat vectors by each call.
  let parameters: [LayerMemory]
  let gradients: [LayerMemory]
  /// The operations for each number of samples seen so far.
  var passes: [Int: Passes] = [:]
  /// The scores of one sample, then their gradient.
  var scores: AlignedBuffer<Double>

  /// A perceptron.
  ///
  /// - Parameters:
  ///   - inputWidth: Features of a sample.
  ///   - hidden: Neurons of each hidden layer; none makes it linear.
  ///   - classCount: Classes, the width of the last layer.
  ///   - batchCapacity: The largest number of samples in a batch, also for evaluation.
  ///   - threads: The threads that oneDNN uses.
  /// - Throws: `ParameterLayoutError` when widths are not positive or overflow; `OneDNNError`.
  /// - Precondition: `batchCapacity` and `threads` are positive.
  public init(
    inputWidth: Int, hidden: [Int], classCount: Int, batchCapacity: Int, threads: Int
  ) throws {
    precondition(batchCapacity > 0 && threads > 0, "an empty batch, or no threads")
    let widths = [inputWidth] + hidden + [classCount]
    layout = try Self.layout(widths: widths, batchCapacity: batchCapacity)
    self.widths = widths
    self.batchCapacity = batchCapacity
    self.threads = threads
    try OneDNN.setThreads(threads)
    let engine = try Engine()
    self.engine = engine
    outputs = widths.dropFirst().map { Activations(count: batchCapacity * $0) }
    deltas = widths.dropFirst().map { Activations(count: batchCapacity * $0) }
    let tensors = layout.tensors
    let layers = stride(from: 0, to: tensors.count, by: 2)
    parameters = try layers.map { try LayerMemory(engine, tensors[$0], tensors[$0 + 1]) }
    gradients = try layers.map { try LayerMemory(engine, tensors[$0], tensors[$0 + 1]) }
    scores = AlignedBuffer(repeating: 0, count: classCount)
  }

  private static func layout(
    widths: [Int], batchCapacity: Int
  ) throws(ParameterLayoutError) -> ParameterLayout {
    let layout = try ParameterLayout(
      widths.indices.dropLast().flatMap { layer in
        [
          (name: "layer\(layer).weight", shape: [widths[layer + 1], widths[layer]]),
          (name: "layer\(layer).bias", shape: [widths[layer + 1]]),
        ]
      })
    // The activations obey the same limit.
    _ = try ParameterLayout(
      widths.indices.map { (name: "activations\($0)", shape: [batchCapacity, widths[$0]]) })
    return layout
  }

  /// He et al., "Delving Deep into Rectifiers", 2015: weights normal with mean 0 and variance 2 /
  /// inputs (1 / inputs in the last layer, which no ReLU follows), biases 0.
  ///
  /// Element i of tensor t is number i of the stream (seed, `initialization`, t).
  public func initialize(_ parameters: consuming MutableSpan<Float>, seed: UInt64) {
    precondition(parameters.count == layout.count, "parameters of another layout")
    for (number, tensor) in layout.tensors.enumerated() {
      let isWeight = tensor.shape.count == 2
      let isLast = number >= layout.tensors.count - 2
      let variance = isWeight ? (isLast ? 1.0 : 2.0) / Double(tensor.shape[1]) : 0
      let deviation = variance.squareRoot()
      let stream = RandomStream(seed: seed, purpose: .initialization, owner: number)
      for index in 0..<tensor.range.count {
        parameters[tensor.range.lowerBound + index] =
          isWeight ? Float(deviation * stream.normal(at: index)) : 0
      }
    }
  }
}
