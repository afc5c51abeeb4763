import AlignedBuffers
import MPIKit
import Objectives
import SignDescent
import Voting

/// `sgd`, `sgd-momentum` and `adamw` on the fp32 mean of the gradients: what users have today.
///
/// ḡ = mean of the voters' gradients, then
///
/// - `sgd`: w ← w − γ·(ḡ + λ·w); with clients that take local steps it is federated averaging;
/// - `sgd-momentum`: m ← θ·m + ḡ; w ← w − γ·(m + λ·w), the heavy ball as PyTorch has it;
/// - `adamw`: see `AdamW`.
///
/// Memory: 4 bytes per parameter for a momentum (none for `sgd`, 8 for `adamw`), 4 where clients
/// are hosted, 12 for the messages.
final class AveragedDescent: DistributedOptimizer {
  /// What becomes of the mean.
  enum Rule {
    case plain
    case heavyBall(HeavyBall)
    case adamW(beta1: Double)
  }

  private let layout: ParameterLayout
  private let electorate: Electorate
  private let mean: GradientMean
  private let rule: Rule
  private let updateParts: [UpdatePart]
  private var momentum: AlignedBuffer<Float>
  private var secondMoment: AlignedBuffer<Float>
  /// The sum of the hosted clients' gradients.
  private var sum: AlignedBuffer<Float>
  private var step = 0

  /// An optimizer with zero momentum.
  ///
  /// Collective: duplicates the communicator.
  init(
    plan: RunPlan, objective: any Objective, electorate: Electorate,
    world: borrowing Communicator
  ) throws(MPIError) {
    layout = objective.layout
    self.electorate = electorate
    mean = try GradientMean(
      coordinateCount: layout.count, order: plan.mean, communicator: world)
    rule =
      switch plan.options.algorithm {
      case .adamw: .adamW(beta1: plan.momentum ?? 0)
      case .sgdMomentum: .heavyBall(HeavyBall(momentum: plan.momentum ?? 0))
      default: .plain
      }
    updateParts = plan.options.updateParts(of: objective)
    let moments: (first: Int, second: Int) =
      switch rule {
      case .plain: (0, 0)
      case .heavyBall: (layout.count, 0)
      case .adamW: (layout.count, layout.count)
      }
    momentum = AlignedBuffer(repeating: 0, count: moments.first)
    secondMoment = AlignedBuffer(repeating: 0, count: moments.second)
    sum = AlignedBuffer(repeating: 0, count: electorate.areClients ? layout.count : 0)
  }

  var controls: [ControlBlock] { mean.controls }

  var traffic: Traffic { mean.traffic }

  func begin(
    _ state: ModelState, from source: GradientSource, learningRate: Double,
    control: inout ControlBlock
  ) throws {
    var report = VoterReport()
    step = control.step
    if electorate.areClients {
      sum.fill(with: 0)
      let add = HeavyBall(momentum: 1)
      for voter in electorate.voters(at: step) {
        try compute(voter, state, from: source, &report)
        state.gradient.withSpan { gradient in
          sum.withMutableSpan { add.add(gradient, to: $0, coordinates: 0..<layout.count) }
        }
      }
      report.write(to: &control)
      let control = control
      try sum.withSpan { try mean.begin($0, control: control) }
    } else {
      try compute(electorate.hosted.lowerBound, state, from: source, &report)
      report.write(to: &control)
      let control = control
      try state.gradient.withSpan { gradient in try mean.begin(gradient, control: control) }
    }
  }

  /// A voter's gradient, zero in whatever of it is not finite.
  private func compute(
    _ voter: Int, _ state: ModelState, from source: GradientSource, _ report: inout VoterReport
  ) throws {
    let draw = try state.parameters.withSpan {
      try source.gradient(of: voter, at: $0, into: &state.gradient)
    }
    guard report.add(draw) else {
      state.gradient.fill(with: 0)
      return
    }
    let numbers = layout.tensorsNotFinite(in: state.gradient)
    report.addNotFinite(numbers)
    for number in numbers {
      for index in layout.tensors[number].range { state.gradient[index] = 0 }
    }
  }

  func wait(_ patience: Patience) throws {
    try mean.wait(patience)
  }

  func apply(to state: ModelState, learningRate: Double) {
    let voters = electorate.areClients ? electorate.attendance : nil
    state.gradient.withMutableSpan { mean.mean(into: $0, of: voters) }
    for part in updateParts { move(state, part, learningRate: learningRate * part.rateFactor) }
  }

  private func move(_ state: ModelState, _ part: UpdatePart, learningRate: Double) {
    switch rule {
    case .plain, .heavyBall:
      Self.descend(
        rule, along: state.gradient, &momentum, &state.parameters, part.coordinates,
        GradientUpdate(learningRate: learningRate, weightDecay: part.weightDecay))
    case .adamW(let beta1):
      Self.adapt(
        AdamW(learningRate: learningRate, weightDecay: part.weightDecay, betas: (beta1, 0.999)),
        state.gradient, &momentum, &secondMoment, &state.parameters, part.coordinates,
        step: step + 1)
    }
  }

  private static func descend(
    _ rule: Rule, along gradient: borrowing AlignedBuffer<Float>,
    _ momentum: inout AlignedBuffer<Float>, _ parameters: inout AlignedBuffer<Float>,
    _ range: Range<Int>, _ descent: GradientUpdate
  ) {
    if case .heavyBall(let ball) = rule {
      ball.add(gradient.span, to: momentum.mutableSpan, coordinates: range)
      descent.apply(momentum.span, to: parameters.mutableSpan, coordinates: range)
    } else {
      descent.apply(gradient.span, to: parameters.mutableSpan, coordinates: range)
    }
  }

  private static func adapt(
    _ descent: AdamW, _ gradient: borrowing AlignedBuffer<Float>,
    _ first: inout AlignedBuffer<Float>, _ second: inout AlignedBuffer<Float>,
    _ parameters: inout AlignedBuffer<Float>, _ range: Range<Int>, step: Int
  ) {
    descent.apply(
      gradient.span, first: first.mutableSpan, second: second.mutableSpan,
      to: parameters.mutableSpan, coordinates: range, step: step)
  }

  func withState(_ state: ModelState, _ body: StateVisitor) throws {
    if momentum.count > 0 { try momentum.visit("momentum", .shared, body) }
    if secondMoment.count > 0 { try secondMoment.visit("secondMoment", .shared, body) }
  }
}
