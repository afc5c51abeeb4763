import AlignedBuffers
import MPIKit
import Objectives
import SignBits
import SignDescent
import Voting

/// signSGD with momentum and majority vote: `signum`, and with θ = 0 `signsgd`.
///
/// m ← θ·m + (1−θ)·g on each rank; s = majority of sign(m); w ← (1−γλ)·w − γ·s. Rounding is part
/// of the definition: see `MomentumPass` and `SignUpdate`. Memory: 4 bytes per parameter for the
/// momentum, d/4 bytes for ballot and verdict, and the messages of the route.
final class VotedDescent: DistributedOptimizer {
  private let vote: MajorityVote
  private let pass: MomentumPass
  private let weightDecay: Double
  private var momentum: AlignedBuffer<Float>

  /// An optimizer with zero momentum.
  ///
  /// Collective: duplicates the communicator.
  init(
    layout: ParameterLayout, momentum theta: Double, rule: SignRule, route: Route,
    weightDecay: Double, seed: UInt64, communicator: borrowing Communicator
  ) throws(MPIError) {
    vote = try MajorityVote(
      coordinateCount: layout.count, rule: rule, route: route, seed: seed,
      communicator: communicator)
    pass = MomentumPass(momentum: theta, rule: rule)
    self.weightDecay = weightDecay
    momentum = AlignedBuffer(repeating: 0, count: layout.count)
  }

  var controls: [ControlBlock] { vote.controls }

  var traffic: Traffic { vote.traffic }

  func begin(_ state: ModelState, control: inout ControlBlock) throws {
    if control.flags.isDisjoint(with: [.lossNotFinite, .noSample]) {
      let isFinite = state.gradient.withSpan { gradient in
        momentum.withMutableSpan { momentum in
          pass.run(momentum: momentum, gradient: gradient, into: &vote.ballot)
        }
      }
      if !isFinite {
        state.forEachTensorNotFinite(&control) { vote.ballot.abstain(in: $0) }
      }
    } else {
      vote.ballot.abstain(in: 0..<state.layout.count)
    }
    control.abstainedShare =
      Float(vote.ballot.abstentionCount) / Float(max(state.layout.count, 1))
    try vote.begin(control)
  }

  func wait(_ patience: Patience) throws {
    try vote.wait(patience)
  }

  func apply(to state: ModelState, learningRate: Double) {
    vote.tally()
    let decaying = SignUpdate(learningRate: learningRate, weightDecay: weightDecay)
    for range in state.layout.decayedRanges {
      state.parameters.withMutableSpan {
        decaying.apply(vote.verdict, to: $0, coordinates: range)
      }
    }
    let plain = SignUpdate(learningRate: learningRate)
    for range in state.layout.undecayedRanges {
      state.parameters.withMutableSpan { plain.apply(vote.verdict, to: $0, coordinates: range) }
    }
  }
}
