import AlignedBuffers
import MPIKit
import Objectives
import SignBits
import SignDescent
import Voting

/// `ef-signsgd`: scaled signs of γ·g + e, and what they leave out stays in e for the next step.
///
/// Each rank compresses its gradient (or with θ > 0 the exponential moving average of it), the
/// owners of the coordinates compress the mean once more: `ErrorFeedback`, `ScaledSignMean`.
/// w ← (1−γλ)·w − Q. Karimireddy et al., ICML 2019. Memory: 4 bytes per parameter for e, 4 for a
/// momentum where there is one, and what `ScaledSignMean` says.
final class ErrorFeedbackDescent: DistributedOptimizer {
  private let layout: ParameterLayout
  private let voter: Int
  private let vote: ScaledSignMean
  private let pass: MomentumPass?
  private let weightDecay: Double
  private var momentum: AlignedBuffer<Float>
  private var error: AlignedBuffer<Float>

  /// An optimizer with zero errors.
  ///
  /// Collective: duplicates the communicator.
  init(
    plan: RunPlan, layout: ParameterLayout, world: borrowing Communicator
  ) throws(MPIError) {
    self.layout = layout
    voter = world.rank
    vote = try ScaledSignMean(
      tensors: layout.tensors.map(\.range),
      route: plan.route == .gather ? .gather : .exchange, communicator: world)
    let theta = plan.momentum ?? 0
    pass = theta > 0 ? MomentumPass(momentum: theta, rule: .positive) : nil
    weightDecay = plan.options.weightDecay
    momentum = AlignedBuffer(repeating: 0, count: theta > 0 ? layout.count : 0)
    error = AlignedBuffer(repeating: 0, count: layout.count)
  }

  var controls: [ControlBlock] { vote.controls }

  var traffic: Traffic { vote.traffic }

  func begin(
    _ state: ModelState, from source: GradientSource, learningRate: Double,
    control: inout ControlBlock
  ) throws {
    var report = VoterReport()
    let draw = try state.parameters.withSpan {
      try source.gradient(of: voter, at: $0, into: &state.gradient)
    }
    if report.add(draw) {
      report.addNotFinite(compress(state, ErrorFeedback(learningRate: learningRate)))
    } else {
      for number in layout.tensors.indices { vote.scales[number] = 0 }
    }
    report.write(to: &control)
    try vote.begin(control)
  }

  /// Fills ballot and scales.
  ///
  /// - Returns: The numbers of the tensors whose gradient is not finite; their scale is 0.
  private func compress(_ state: ModelState, _ feedback: ErrorFeedback) -> [Int] {
    let notFinite = layout.tensorsNotFinite(in: state.gradient)
    if let pass {
      _ = state.gradient.withSpan { gradient in
        momentum.withMutableSpan { pass.run(momentum: $0, gradient: gradient, into: &vote.ballot) }
      }
    }
    for (number, tensor) in layout.tensors.enumerated() {
      // What is not sent stays in the error.
      guard !notFinite.contains(number) else {
        vote.scales[number] = 0
        continue
      }
      let scale = withDirection(state) { direction in
        error.withMutableSpan {
          feedback.compress(
            direction, error: $0, coordinates: tensor.range, into: &vote.ballot)
        }
      }
      vote.scales[number] = scale ?? 0
    }
    return notFinite
  }

  /// Lends what is compressed: the momentum, or the gradient where there is none.
  private func withDirection<Result>(
    _ state: ModelState, _ body: (Span<Float>) -> Result
  ) -> Result {
    pass == nil ? state.gradient.withSpan(body) : momentum.withSpan(body)
  }

  func wait(_ patience: Patience) throws {
    try vote.wait(patience)
  }

  func apply(to state: ModelState, learningRate: Double) {
    for (number, tensor) in layout.tensors.enumerated() {
      let decay = layout.isDecayed(tensor) ? weightDecay : 0
      let update = ScaledSignUpdate(learningRate: learningRate, weightDecay: decay)
      state.parameters.withMutableSpan {
        update.apply(
          vote.mean, scale: vote.meanScales[number], to: $0, coordinates: tensor.range)
      }
    }
  }

  func withState(_ state: ModelState, _ body: StateVisitor) throws {
    if pass != nil { try momentum.visit("momentum", .rank, body) }
    try error.visit("error", .rank, body)
    let owned = vote.errorCoordinates
    try vote.withMutableErrors { errors in
      var errors = errors
      try body(
        StateTensor(
          name: "errorOfMean", place: .slice(of: layout.count, from: owned.lowerBound),
          shape: [owned.count]),
        errors.mutableBytes)
    }
  }
}
