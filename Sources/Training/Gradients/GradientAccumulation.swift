import AlignedBuffers
import Datasets
import Objectives

/// The gradient of a batch in several parts, one after the other (`--accumulate`).
///
/// With n samples in parts of n_k: Σ (n_k / n) · g_k, by ascending k, each factor rounded once. The
/// vote may begin while the last part is computed.
///
/// - Memory: 4 bytes per parameter.
final class GradientAccumulation {
  private var sum: AlignedBuffer<Float>

  init(parameters: Int) {
    sum = AlignedBuffer(repeating: 0, count: parameters)
  }

  /// Computes the parts and writes their mean.
  ///
  /// - Parameters:
  ///   - parts: The samples of each part, at least one.
  ///   - result: The mean gradient.
  ///   - gradient: Writes the gradient of a part; whom to tell of it, where somebody is told.
  /// - Returns: The mean loss.
  func run(
    _ parts: ContiguousPartition, into result: inout AlignedBuffer<Float>,
    observer: (any GradientObserver)?,
    _ gradient: (Int, inout AlignedBuffer<Float>, (any GradientObserver)?) throws -> Double
  ) throws -> Double {
    var loss = 0.0
    sum.fill(with: 0)
    for part in 0..<parts.parts {
      let weight = Double(parts[part].count) / Double(parts.count)
      let last = part == parts.parts - 1 ? observer : nil
      let adding = last.map { Adding(to: self, weight: Float(weight), lossBefore: loss, for: $0) }
      loss += weight * (try gradient(part, &result, adding))
      add(result.span, in: 0..<(adding?.start ?? sum.count), times: Float(weight))
    }
    swap(&sum, &result)
    return loss
  }

  private func add(_ gradient: Span<Float>, in coordinates: Range<Int>, times weight: Float) {
    sum.withMutableSpan { sum in
      var sum = sum
      for index in coordinates { sum[index] += weight * gradient[index] }
    }
  }

  /// Adds what is final of the last part, and tells of the sum.
  private final class Adding: GradientObserver {
    /// What lies before has not been added.
    private(set) var start: Int
    private let accumulation: GradientAccumulation
    private let weight: Float
    private let lossBefore: Double
    private let observer: any GradientObserver

    init(
      to accumulation: GradientAccumulation, weight: Float, lossBefore: Double,
      for observer: any GradientObserver
    ) {
      self.accumulation = accumulation
      self.weight = weight
      self.lossBefore = lossBefore
      self.observer = observer
      start = accumulation.sum.count
    }

    func gradient(
      _ gradient: Span<Float>, isFinalIn coordinates: Range<Int>, loss: Double
    ) throws {
      accumulation.add(gradient, in: coordinates, times: weight)
      start = coordinates.lowerBound
      try accumulation.sum.withSpan {
        try observer.gradient(
          $0, isFinalIn: coordinates, loss: lossBefore + Double(weight) * loss)
      }
    }

    func didWork() throws { try observer.didWork() }
  }
}
