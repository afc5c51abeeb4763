import AlignedBuffers
import MPIKit
import Objectives
import SignDescent
import Voting

/// `sgd` and `sgd-momentum` on the fp32 mean of the gradients: what users have today.
///
/// ḡ = mean of the ranks' gradients; m ← θ·m + ḡ; w ← w − γ·(m + λ·w), θ = 0 for `sgd`: the
/// heavy ball as PyTorch has it. Memory: 4 bytes per parameter for the momentum (none for `sgd`),
/// 12 for the messages.
final class AveragedDescent: DistributedOptimizer {
  private let mean: GradientMean
  private let theta: Double
  private let weightDecay: Double
  private var momentum: AlignedBuffer<Float>

  /// An optimizer with zero momentum; none without θ.
  ///
  /// Collective: duplicates the communicator.
  init(
    layout: ParameterLayout, momentum theta: Double?, order: MeanOrder, weightDecay: Double,
    communicator: borrowing Communicator
  ) throws(MPIError) {
    mean = try GradientMean(
      coordinateCount: layout.count, order: order, communicator: communicator)
    self.theta = theta ?? 0
    self.weightDecay = weightDecay
    momentum = AlignedBuffer(repeating: 0, count: theta == nil ? 0 : layout.count)
  }

  var controls: [ControlBlock] { mean.controls }

  var traffic: Traffic { mean.traffic }

  func begin(_ state: ModelState, control: inout ControlBlock) throws {
    if control.flags.isDisjoint(with: [.lossNotFinite, .noSample]) {
      state.forEachTensorNotFinite(&control) { range in
        for index in range { state.gradient[index] = 0 }
      }
    } else {
      state.gradient.fill(with: 0)
    }
    let control = control
    try state.gradient.withSpan { gradient in try mean.begin(gradient, control: control) }
  }

  func wait(_ patience: Patience) throws {
    try mean.wait(patience)
  }

  func apply(to state: ModelState, learningRate: Double) {
    state.gradient.withMutableSpan { mean.mean(into: $0) }
    for range in state.layout.decayedRanges {
      update(state, range, learningRate: learningRate, weightDecay: weightDecay)
    }
    for range in state.layout.undecayedRanges {
      update(state, range, learningRate: learningRate, weightDecay: 0)
    }
  }

  private func update(
    _ state: ModelState, _ range: Range<Int>, learningRate: Double, weightDecay: Double
  ) {
    if momentum.count > 0 {
      let average = HeavyBall(momentum: theta)
      state.gradient.withSpan { gradient in
        momentum.withMutableSpan { average.add(gradient, to: $0, coordinates: range) }
      }
    }
    let step = GradientUpdate(learningRate: learningRate, weightDecay: weightDecay)
    func move(along direction: Span<Float>) {
      state.parameters.withMutableSpan { step.apply(direction, to: $0, coordinates: range) }
    }
    if momentum.count > 0 {
      momentum.withSpan { move(along: $0) }
    } else {
      state.gradient.withSpan { move(along: $0) }
    }
  }
}
