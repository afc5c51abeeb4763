internal import AlignedBuffers
internal import COneDNN
internal import CounterRandom
public import Objectives

/// A network on oneDNN with softmax cross-entropy at its end, made from a `NetworkModel`.
///
/// Activations are in oneDNN's own formats; parameters and gradient are plain, so a weight is
/// reordered where a pass wants another layout: at most once for the forward pass and once for the
/// backward pass, its gradient at most once; with bfloat16 some are rounded before. Weights of dense
/// layers stay plain with Float32, their gradients with any type. ReLU is done by the operation before
/// it where that can. The first layer's backward pass skips the gradient of the input. The loss is
/// formed in Double.
///
/// Convolutions of 3x3 with a stride of 1 take Winograd's algorithm from 32 channels on, where oneDNN
/// has it (2.6: with AVX-512): a quarter of the products. Loss and gradient are as near to those of
/// Double, within 2e-5 of a tensor's largest number, as with the direct one. Lavin, Gray, "Fast
/// Algorithms for Convolutional Neural Networks", 2016.
///
/// Batch normalization adds 1e-5 to variances. In training it takes mean and variance of the batch,
/// and moves the rank's running statistics a tenth of the way towards them (the variance times
/// n/(n − 1), n its numbers); evaluation takes the copy in `statistics`.
///
/// The result is a function of parameters, batch, number of threads, oneDNN's version and
/// instruction set. oneDNN's ReLU gives 0 for NaN, so a NaN feature may show in the first
/// layer's gradient and not in the loss.
///
/// Memory beside the caller's: one arena, planned when the network is made; tensors share its bytes
/// as far as they do not live at a time. The first call with a new number of samples compiles and
/// keeps its operations, with an arena of their own should they need more; later calls allocate
/// nothing here.
///
/// Samples of models of sequences are rows of tokens + 1 numbers, each token predicted from those
/// before it; a sample's label is the number of tokens that are predicted, from the first on. The
/// loss is in nats per predicted token. A feature that is no token traps. Drop-out draws for the
/// batch's `noise`, see `Dropout`.
///
/// Not supported: sparse batches.
@safe
public final class Network: Objective {
  /// What is added to variances.
  static let epsilon: Float = 1e-5

  /// What the network was made from: layers, shapes, tensors.
  public let outline: NetworkOutline
  /// The largest number of samples of a gradient.
  public let trainingCapacity: Int
  /// The largest number of samples of an evaluation.
  public let evaluationCapacity: Int
  /// The threads that oneDNN uses.
  public let threads: Int
  /// What the products of gradients are formed of; evaluations take Float32.
  public let computeType: ComputeType
  /// How much of a label is spread over all classes, in gradients; evaluations take it as it is.
  public var labelSmoothing = 0.0
  /// Gathers how long the operations of gradients take, while it is set.
  public var operationTimes: OperationTimes?
  /// Mean and variance of batch normalizations; nil where there are none.
  public let statistics: RunningStatistics?

  /// The features of a sample.
  let featureCount: Int
  private let engine: Engine
  let noise = NoiseSource()
  private let arena: Arena
  private(set) var programs: [ProgramKey: Program] = [:]
  /// The scores of one sample, then their gradient.
  private var scores: AlignedBuffer<Double>

  struct ProgramKey: Hashable {
    let count: Int
    let trains: Bool
  }

  /// A network.
  ///
  /// - Parameters:
  ///   - model: Its input and layers.
  ///   - trainingCapacity: The largest number of samples of a gradient.
  ///   - evaluationCapacity: The largest number of samples of an evaluation.
  ///   - threads: The threads that oneDNN uses.
  ///   - computeType: What the products of gradients are formed of.
  ///   - checkArena: Called with the size of the arena in bytes before it is made; an error that it
  ///     throws ends this.
  /// - Throws: `NetworkError` or `ParameterLayoutError` where shapes do not fit or overflow, or the
  ///   processor lacks the type; `OneDNNError`.
  /// - Precondition: Capacities and threads are positive.
  public init(
    _ model: NetworkModel, trainingCapacity: Int, evaluationCapacity: Int, threads: Int,
    computeType: ComputeType = .float32,
    checkArena: (Int) throws -> Void = { _ in }
  ) throws {
    precondition(trainingCapacity > 0 && evaluationCapacity > 0 && threads > 0, "no samples")
    outline = try NetworkOutline(model)
    // The activations obey the same limit.
    _ = try ParameterLayout(
      outline.lines.enumerated().map {
        ("activations\($0)", [max(trainingCapacity, evaluationCapacity)] + $1.output)
      })
    featureCount = outline.featureShape.reduce(1, *)
    self.trainingCapacity = trainingCapacity
    self.evaluationCapacity = evaluationCapacity
    self.threads = threads
    guard computeType.isAvailable else {
      throw NetworkError(
        place: model.name, input: model.input,
        reason: "products of \(computeType.rawValue) need a processor with AVX512-BF16, and oneDNN "
          + "finds \(OneDNN.instructionSet): use float32")
    }
    self.computeType = computeType
    statistics = outline.statistics.map { RunningStatistics($0) }
    scores = AlignedBuffer(repeating: 0, count: outline.classCount)
    try OneDNN.setThreads(threads)
    let engine = try Engine()
    self.engine = engine
    let keys = [
      ProgramKey(count: trainingCapacity, trains: true),
      ProgramKey(count: evaluationCapacity, trains: false),
    ]
    for key in keys {
      programs[key] = try ProgramBuilder(
        engine, outline, count: key.count, trains: key.trains,
        type: key.trains ? computeType : .float32, noise: noise
      ).build()
    }
    let arenaBytes = programs.values.map(\.arenaByteCount).reduce(0, max)
    try checkArena(arenaBytes)
    arena = Arena(byteCount: arenaBytes)
    for program in programs.values { try program.settle(in: arena) }
  }

  /// The named tensors of the parameters.
  public var layout: ParameterLayout { outline.layout }

  /// The number of classes; nil for models of sequences, which have a loss and no accuracy.
  public var classCount: Int? { outline.isSequential ? nil : outline.classCount }

  /// The size of the arenas in bytes.
  public var arenaByteCount: Int {
    let own = programs.values.map(\.arenaByteCount).filter { $0 > arena.byteCount }
    return own.reduce(arena.byteCount, +)
  }

  /// He et al., "Delving Deep into Rectifiers", 2015: weights normal with mean 0 and variance 2 /
  /// inputs of a sum (1 / inputs in the last layer, which no ReLU follows), scales 1, biases and
  /// shifts 0.
  ///
  /// Models with convolutions begin with the variance 1 / (3 inputs): steps of signs move all
  /// weights alike, and `cnn` on Fashion-MNIST ended 0.3-0.4 points higher so in two of two seeds,
  /// where a perceptron lost 0.1.
  ///
  /// Models of sequences as GPT-2: weights with the deviation 0.02, the last ones of each path of a
  /// residual sum with 0.02 / √(number of residual sums).
  ///
  /// Element i of tensor t is number i of the stream (seed, `initialization`, t).
  public func initialize(_ parameters: consuming MutableSpan<Float>, seed: UInt64) {
    precondition(parameters.count == layout.count, "parameters of another layout")
    for (number, tensor) in layout.tensors.enumerated() {
      let deviation = outline.initialDeviation(of: number)
      let stream = RandomStream(seed: seed, purpose: .initialization, owner: number)
      let constant: Float = tensor.name.hasSuffix(".scale") ? 1 : 0
      for index in 0..<tensor.range.count {
        parameters[tensor.range.lowerBound + index] =
          tensor.shape.count >= 2 ? Float(deviation * stream.normal(at: index)) : constant
      }
    }
  }
}

extension NetworkOutline {
  /// The standard deviation of the initial weights of a tensor.
  fileprivate func initialDeviation(of number: Int) -> Double {
    if isSequential {
      let sums = residualOutputs.contains(number) ? residualOutputs.count : 1
      return 0.02 / Double(sums).squareRoot()
    }
    let inputs = layout.tensors[number].shape.dropFirst().reduce(1, *)
    let hasConvolutions = layout.tensors.contains { $0.shape.count == 4 }
    if hasConvolutions { return (1 / (3 * Double(inputs))).squareRoot() }
    let isLast = number == layout.tensors.lastIndex { $0.shape.count >= 2 }
    return ((isLast ? 1.0 : 2.0) / Double(inputs)).squareRoot()
  }
}

extension Network {
  /// The operations for a number of samples, compiled when they are first asked for.
  func program(count: Int, trains: Bool) throws -> Program {
    let key = ProgramKey(count: count, trains: trains)
    if let known = programs[key] { return known }
    let made = try ProgramBuilder(
      engine, outline, count: count, trains: trains, type: trains ? computeType : .float32,
      noise: noise
    ).build()
    // Other operations for a smaller batch may need more scratch.
    try made.settle(
      in: made.arenaByteCount <= arena.byteCount ? arena : Arena(byteCount: made.arenaByteCount))
    programs[key] = made
    return made
  }

  /// The loss and prediction of a row of scores, of a sample or token; leaves the loss's gradient by
  /// the scores in `gradient`, divided by the number of losses.
  func score(
    _ row: Int, of program: Program, label: Int32, count: Int
  ) -> (loss: Double, prediction: Int32) {
    let classes = scores.count
    let values = unsafe program.scores.numbers + row * classes
    for number in 0..<classes { scores[number] = Double(unsafe values[number]) }
    let gradient = unsafe program.scores.gradient?.numbers
    let result = SoftmaxCrossEntropy.replaceByGradient(
      &scores, label: label, smoothing: unsafe gradient == nil ? 0 : labelSmoothing)
    guard let gradient = unsafe gradient else { return result }
    for number in 0..<classes {
      unsafe gradient[row * classes + number] = Float(scores[number] / Double(count))
    }
    return result
  }
}
