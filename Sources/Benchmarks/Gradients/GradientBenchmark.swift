internal import CounterRandom
internal import Foundation
public import Networks
internal import Objectives

/// Times the gradients of networks: forward and backward pass of a batch, on one rank without MPI.
public struct GradientBenchmark: Sendable {
  /// A model of a size that peers are measured with too, see Jobs/peers.
  public enum Model: String, Sendable, CaseIterable {
    /// 784-256-10.
    case mlp
    /// 3x3 convolutions 32 and 64 with pooling, dense 128, on 28 x 28.
    case cnn
    /// On 3 x 32 x 32.
    case resnet20
    /// Six layers of width 384, six heads, 256 tokens.
    case gpt

    var network: NetworkModel {
      switch self {
      case .mlp: .mlp(input: 784, hidden: [256], classes: 10)
      case .cnn: .cnn(input: [1, 28, 28], classes: 10)
      case .resnet20: .resnet(input: [3, 32, 32], classes: 10)
      case .gpt: .gpt(layers: 6, heads: 6, width: 384, context: 256)
      }
    }

    /// Samples of a batch when none are asked for.
    var standardBatch: Int { self == .gpt ? 8 : 128 }
  }

  /// The repetitions when none are asked for.
  public static let standardRepetitions = 9
  /// Gradients are taken for so long at least between two looks at the clock.
  private static let trialSeconds = 0.1

  private let models: [Model]
  private let batch: Int?
  private let threads: Int
  private let repetitions: Int
  private let computeType: ComputeType

  /// A benchmark.
  ///
  /// - Parameters:
  ///   - models: What to measure, one after the other.
  ///   - batch: Samples of a batch; 128, and 8 of the GPT, when not given.
  ///   - threads: The threads that oneDNN uses.
  ///   - repetitions: How often each is timed.
  ///   - computeType: What products are formed of.
  /// - Throws: `BenchmarkError` when a number is out of range.
  public init(
    models: [Model] = Model.allCases, batch: Int? = nil, threads: Int = 1,
    repetitions: Int = standardRepetitions, computeType: ComputeType = .float32
  ) throws(BenchmarkError) {
    guard repetitions >= 1 else { throw .repetitions(repetitions) }
    for (what, count) in [("samples", batch ?? 1), ("threads", threads)] {
      guard (1...65536).contains(count) else { throw .count(of: what, count) }
    }
    self.models = models
    self.batch = batch
    self.threads = threads
    self.repetitions = repetitions
    self.computeType = computeType
  }

  /// Measures each model and writes a table, line by line as results come.
  ///
  /// - Parameter write: Takes a line without its end.
  /// - Throws: `BenchmarkError` in a debug build; what `Network` throws.
  public func run(_ write: (String) -> Void) throws {
    #if DEBUG
      throw BenchmarkError.debugBuild
    #else
      for line in GradientResult.heading(threads: threads, computeType) { write(line) }
      for model in models {
        for line in try result(of: model).lines { write(line) }
      }
    #endif
  }

  private func result(of model: Model) throws -> GradientResult {
    let start = ContinuousClock.now
    let count = batch ?? model.standardBatch
    let network = try Network(
      model.network, trainingCapacity: count, evaluationCapacity: 1, threads: threads,
      computeType: computeType)
    let batch = Self.batch(for: network, count: count)
    var parameters = [Float](repeating: 0, count: network.layout.count)
    network.initialize(parameters.mutableSpan, seed: 1)
    var gradient = parameters
    func take(_ times: Int) throws -> Double {
      let start = ContinuousClock.now
      for _ in 0..<times {
        _ = try network.gradient(at: parameters.span, on: batch, into: gradient.mutableSpan)
      }
      return (ContinuousClock.now - start) / .seconds(Double(times))
    }
    _ = try take(1)
    let first = (ContinuousClock.now - start) / .seconds(1)
    let times = max(1, Int(Self.trialSeconds / (try take(1))))
    let seconds = try (0..<repetitions).map { _ in try take(times) }
    // Apart, since the clock is looked at around each operation.
    let kinds = OperationTimes()
    network.operationTimes = kinds
    let total = try take(times) * Double(times)
    return GradientResult(
      model: model, samples: count, outline: network.outline, seconds: seconds.sorted(),
      firstSeconds: first, arenaBytes: network.arenaByteCount,
      shares: kinds.seconds.mapValues { $0 / total })
  }

  /// Random samples: numbers around 0, or bytes.
  private static func batch(for network: Network, count: Int) -> Batch {
    let outline = network.outline
    var batch = Batch(capacity: count, width: outline.featureShape.reduce(1, *))
    for sample in 0..<count {
      let stream = RandomStream(seed: 1, purpose: .gradientNoise, owner: sample)
      let label = outline.isSequential ? outline.featureShape[0] - 1 : sample % 10
      batch.append(label: Int32(label)) { row in
        for column in row.indices {
          row[column] =
            outline.isSequential
            ? Float(stream.word(at: column) % 256) : Float(stream.normal(at: column))
        }
      }
    }
    return batch
  }
}
