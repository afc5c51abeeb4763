internal import COneDNN
internal import Objectives

/// Turns a model into operations for one number of samples.
///
/// Layers add their forward operations in order, and each leaves on a tape what adds its backward
/// operations, which is unrolled from the last to the first. Formats are chosen by the operations;
/// where two of them do not agree a copy comes between.
final class ProgramBuilder {
  let engine: Engine
  let outline: NetworkOutline
  /// The number of samples.
  let count: Int
  /// Whether a gradient is wanted, not only scores.
  let trains: Bool
  /// What products are formed of.
  let type: ComputeType
  /// The place in the run that drop-out draws for; set before the operations run.
  let noise: NoiseSource

  /// The operations so far.
  private(set) var steps: [Program.Step] = []
  private(set) var tensors: [Tensor] = []
  /// What the batch normalizations form in training.
  var batchStatistics: [Program.BatchStatistics] = []
  private var tape: [() throws -> Void] = []
  private var moment = 0
  private var parametersTaken = 0
  private var statisticsTaken = 0
  /// The embedding of tokens, which the scores may share.
  var tokenWeights: Parameter?
  /// The number of drop-out layers so far.
  var dropoutCount = 0

  init(
    _ engine: Engine, _ outline: NetworkOutline, count: Int, trains: Bool,
    type: ComputeType = .float32, noise: NoiseSource
  ) {
    self.engine = engine
    self.outline = outline
    self.count = count
    self.trains = trains
    self.type = type
    self.noise = noise
  }

  /// Builds the whole program.
  func build() throws -> Program {
    let features = try tensor(Format([count] + outline.featureShape), home: .features)
    let scores = try add(outline.model.layers, to: features)
    let forward = steps
    steps = []
    scores.use(at: moment)
    for statistics in batchStatistics {
      statistics.mean.use(at: moment)
      statistics.variance.use(at: moment)
    }
    if trains {
      let gradient = try tensor(scores.format)
      gradient.use(at: moment)
      scores.gradient = gradient
      moment += 1
      for unroll in tape.reversed() { try unroll() }
    }
    return Program(
      forward: forward, backward: steps, scores: scores, statistics: batchStatistics,
      tensors: tensors)
  }

  /// Adds layers; ReLU behind an operation that can do it too is left to that one.
  func add(_ layers: [Layer], to input: Tensor) throws -> Tensor {
    var output = input
    var rest = layers[...]
    while let layer = rest.popFirst() {
      let relu = layer.canEndInReLU && rest.first == .relu
      if relu { rest.removeFirst() }
      output = try add(layer, relu: relu, to: output)
    }
    return output
  }

  private func add(_ layer: Layer, relu: Bool, to input: Tensor) throws -> Tensor {
    switch layer {
    case .convolution(let channels, let kernel, let stride, let padding, let bias):
      try convolution(
        input, channels, kernel: kernel, stride: stride, padding: padding, bias: bias, relu: relu)
    case .batchNormalization: try batchNormalization(input, relu: relu)
    case .relu: try self.relu(input)
    case .maximumPooling(let size, let stride, let padding):
      try maximumPooling(input, size, stride: stride, padding: padding, relu: relu)
    case .averagePooling(let size, let stride, let padding):
      try averagePooling(input, [size, size], stride: stride, padding: padding)
    case .globalAveragePooling:
      try averagePooling(input, Array(input.shape[2...]), stride: 1, padding: 0)
    case .flatten: input
    case .dense(let outputs): try dense(input, outputs, relu: relu)
    case .residual(let path, let shortcut):
      try sum(add(path, to: input), add(shortcut, to: input), relu: relu)
    case .embedding(_, let width): try embedding(input, width)
    case .layerNormalization: try layerNormalization(input)
    case .causalAttention(let heads): try attention(input, heads: heads)
    case .gelu: try gelu(input)
    case .dropout(let probability): try dropout(input, probability)
    case .unembedding(let tied): try unembedding(input, tied: tied)
    }
  }
}

extension ProgramBuilder {
  /// Adds what a layer does in the backward pass; it finds the gradient in its output.
  func onBackward(_ unroll: @escaping () throws -> Void) {
    if trains { tape.append(unroll) }
  }

  /// A new tensor.
  func tensor(_ format: Format, home: Tensor.Home = .arena) throws -> Tensor {
    let tensor = try Tensor(engine, format, home: home)
    tensors.append(tensor)
    return tensor
  }

  /// The next tensor of the parameters, in the shape in which its layer sees it.
  func parameter(_ shape: [Int]) throws -> Parameter {
    let named = outline.layout.tensors[parametersTaken]
    parametersTaken += 1
    precondition(shape.reduce(1, *) == named.range.count, "\(named.name) is no \(shape)")
    let format = try Format(shape)
    return Parameter(
      value: try tensor(format, home: .parameters(named.range.lowerBound)),
      gradient: try tensor(format, home: .gradient(named.range.lowerBound)),
      start: named.range.lowerBound)
  }

  /// The next tensor of the running statistics.
  func statistic() throws -> (value: Tensor, start: Int) {
    guard let named = outline.statistics?.tensors[statisticsTaken] else {
      preconditionFailure("a model without statistics")
    }
    statisticsTaken += 1
    let start = named.range.lowerBound
    return (try tensor(Format(named.shape), home: .statistics(start)), start)
  }

  /// Adds an operation.
  func run(
    _ kind: OperationKind, _ description: Description, _ operands: [(Operand, Tensor)]
  ) throws {
    var operands = operands
    let scratch = try description.format(signum_scratchpad)
    if scratch.byteCount > 0 { operands.append((signum_scratchpad, try tensor(scratch))) }
    for (_, tensor) in operands { tensor.use(at: moment) }
    moment += 1
    let operation = try Operation(
      engine, description, operands: operands.map { ($0.0, $0.1.memory) })
    steps.append(Program.Step(kind: kind, run: operation.run))
  }

  /// Adds a pass of our own between tensors in plain formats.
  func pass(
    _ kind: OperationKind, over tensors: [Tensor], _ body: @escaping () throws -> Void
  ) {
    for tensor in tensors { tensor.use(at: moment) }
    moment += 1
    steps.append(Program.Step(kind: kind, run: body))
  }

  /// Notes that the gradient will not change any more from an element on, once the operations so far
  /// have run.
  func finish(from start: Int) {
    steps[steps.count - 1].finalFrom = start
  }

  /// A tensor in a format: itself, or a copy.
  func converted(_ tensor: Tensor, to format: Format) throws -> Tensor {
    if let same = ([tensor] + tensor.copies).first(where: { $0.format.isEqual(to: format) }) {
      return same
    }
    let copy = try self.tensor(format)
    try reorder(roundedIfRowsCompete(tensor), to: copy, of: tensor)
    tensor.copies.append(copy)
    return copy
  }

  /// Weights of dense layers as bfloat16 with rows of another length where their own compete for lines
  /// of the cache, as behind 512 or 1,024 inputs: blocks of them are copied in a seventh of the time.
  private func roundedIfRowsCompete(_ tensor: Tensor) throws -> Tensor {
    guard type == .bfloat16, case .parameters = tensor.home, tensor.rowsCompete else {
      return tensor
    }
    let rounded = try self.tensor(
      Format(tensor.shape, strides: [tensor.shape[1] + 32, 1], .bfloat16))
    try reorder(tensor, to: rounded)
    return rounded
  }

  /// Copies a tensor into another one of another format.
  ///
  /// - Parameter original: What the tensor is a copy of, itself unless told.
  func reorder(_ tensor: Tensor, to copy: Tensor, of original: Tensor? = nil) throws {
    let description = try unsafe Description("a copy of \(tensor.shape)") { made in
      unsafe signum_reorder_describe(
        made, engine.handle, tensor.format.handle, copy.format.handle)
    }
    let homes = [(original ?? tensor).home, copy.home]
    let isWeight = homes.contains { $0 != .arena && $0 != .features }
    try run(
      isWeight ? .weightReorder : .activationReorder, description,
      [(signum_source, tensor), (signum_destination, copy)])
  }

  /// Adds a gradient to those that other users of a tensor have left.
  func accumulate(_ gradient: Tensor, into tensor: Tensor) throws {
    guard let others = tensor.gradient else {
      tensor.gradient = gradient
      return
    }
    // Into a third one: the paths of a sum share what arrives.
    let total = try self.tensor(gradient.format)
    try add(converted(others, to: gradient.format), to: gradient, into: total)
    tensor.gradient = total
  }
}

/// A tensor of the parameters and its gradient.
struct Parameter {
  let value: Tensor
  let gradient: Tensor
  /// Its first element in the flat vectors.
  let start: Int
}

extension Layer {
  /// Whether its operation can take the positive part as well.
  fileprivate var canEndInReLU: Bool {
    switch self {
    case .convolution, .batchNormalization, .dense, .residual, .maximumPooling: true
    default: false
    }
  }
}
