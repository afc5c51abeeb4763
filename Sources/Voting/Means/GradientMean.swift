public import MPIKit

/// In which order the gradients of the ranks are summed (`--mean`).
public enum MeanOrder: String, CaseIterable, Sendable {
  /// By rank: the same bits whatever MPI library, node layout or chunk size.
  case fixed
  /// As MPI_Allreduce pleases: for timings of what users have today.
  case mpi
}

/// The fp32 mean of the gradients of all ranks: what the sign methods are compared with.
///
/// Ranks without a sample, or whose loss is not finite, add zeros and are not counted. All calls
/// are collective. Traffic per rank and direction: 8(N−1)/N bytes per parameter.
public final class GradientMean {
  /// The control blocks of all ranks in the last finished mean, by rank.
  public private(set) var controls: [ControlBlock]
  /// What this rank sent and received in the last finished mean.
  public private(set) var traffic = Traffic()

  private let communicator: Communicator
  private let sum: any GradientSum
  private var step = 0

  /// Prepares means of so many coordinates.
  ///
  /// Collective: duplicates the communicator.
  public init(
    coordinateCount: Int, order: MeanOrder, communicator: borrowing Communicator
  ) throws(MPIError) {
    let ranks = communicator.size
    let rank = communicator.rank
    self.communicator = try communicator.duplicate()
    sum =
      switch order {
      case .fixed: ShardedSum(count: coordinateCount, ranks: ranks, rank: rank)
      case .mpi: FloatSum(count: coordinateCount, ranks: ranks, rank: rank)
      }
    controls = Array(repeating: ControlBlock(), count: ranks)
  }

  /// Starts a mean.
  ///
  /// - Parameters:
  ///   - gradient: The gradient of this rank, d numbers.
  ///   - control: The control block of this rank.
  public func begin(_ gradient: Span<Float>, control: ControlBlock) throws(MPIError) {
    step = control.step
    try sum.begin(gradient, control: control, on: communicator)
  }

  /// Waits for the gradients of all ranks.
  ///
  /// - Throws: `VotingError` when a rank is silent for too long or at another step, `MPIError`
  ///   when MPI fails.
  public func wait(_ patience: Patience) throws {
    try listen(on: communicator, step: step, patience) { () throws in
      try sum.wait(patience, on: communicator)
    }
    for rank in controls.indices { controls[rank] = sum.control(of: rank) }
    traffic = sum.traffic
    try checkSteps(of: controls, against: step)
  }

  /// Writes the mean of what `wait(_:)` collected.
  ///
  /// - Parameters:
  ///   - mean: d numbers.
  ///   - voters: The number to divide by, where a rank adds the gradients of several voters; nil
  ///     for the number of ranks that count.
  /// - Complexity: O(d); local.
  public func mean(into mean: consuming MutableSpan<Float>, of voters: Int? = nil) {
    let divisor = Float(voters ?? max(controls.count { $0.counts }, 1))
    sum.withSum { sum in
      for index in mean.indices { mean[index] = sum[index] / divisor }
    }
  }
}

extension ControlBlock {
  /// Whether the gradient of the rank counts in a mean.
  var counts: Bool { flags.isDisjoint(with: [.noSample, .lossNotFinite]) }
}

/// One way of summing the gradients of all ranks.
protocol GradientSum: AnyObject {
  func begin(
    _ gradient: Span<Float>, control: ControlBlock, on communicator: borrowing Communicator
  ) throws(MPIError)
  func wait(_ patience: Patience, on communicator: borrowing Communicator) throws
  func control(of rank: Int) -> ControlBlock
  func withSum(_ body: (Span<Float>) -> Void)
  var traffic: Traffic { get }
}
