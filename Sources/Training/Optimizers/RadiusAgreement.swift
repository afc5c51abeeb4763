import MPIKit
import Objectives
import SignDescent
import Voting

/// The radius R of stochastic signs, tensor by tensor: the same for all voters.
///
/// Different radii would reweigh the vote. `max` costs one reduction of 8 bytes a tensor; `rms`
/// one of 8 bytes a tensor and voter, each in its own place, since a sum must not depend on who
/// hosts whom; a given value costs nothing.
final class RadiusAgreement {
  private let radius: StochasticRadius
  private let tensors: [NamedTensor]
  private let communicator: Communicator
  private let patience: Patience
  private let slots: Int
  /// The own contributions, then those of all.
  private var messages: MessageBuffer<Double>
  /// What the last agreement sent and received.
  private(set) var traffic = Traffic()

  /// Collective: duplicates the communicator.
  init(
    _ radius: StochasticRadius, layout: ParameterLayout, voters: Int, patience: Patience,
    world: borrowing Communicator
  ) throws(MPIError) {
    self.radius = radius
    tensors = layout.tensors
    communicator = try world.duplicate()
    self.patience = patience
    slots =
      switch radius {
      case .maximum: 1
      case .rootMeanSquare: voters
      case .fixed: 0
      }
    messages = MessageBuffer(count: 2 * slots * (tensors.count + 1), maximumRequests: 1)
  }

  /// A slot: a statistic of each tensor, and 1 where somebody contributed.
  private var stride: Int { tensors.count + 1 }

  private var contributions: Range<Int> { 0..<slots * stride }

  /// Forgets the contributions of the last step.
  func begin() {
    messages.withMutableSpan(in: contributions) { own in
      for index in own.indices { own[index] = 0 }
    }
  }

  /// Takes in the momentum of a voter that votes.
  func add(_ momentum: Span<Float>, of voter: Int) {
    guard slots > 0 else { return }
    let first = radius == .maximum ? 0 : voter * stride
    messages.withMutableSpan(in: contributions) { own in
      for (number, tensor) in tensors.enumerated() {
        let value = radius.contribution(of: momentum, in: tensor.range).statistic
        own[first + number] = max(own[first + number], value)
      }
      own[first + tensors.count] = 1
    }
  }

  /// Agrees on the radii.
  ///
  /// Collective.
  func agree(step: Int) throws {
    guard slots > 0 else { return }
    let sums = contributions.upperBound..<2 * contributions.upperBound
    try messages.startAllReduce(
      from: contributions, into: sums, operation: .max, on: communicator)
    try listen(on: communicator, step: step, patience) { () throws in
      try messages.wait(limitSeconds: patience.limitSeconds, onIdle: patience.whileWaiting)
    }
    traffic = Traffic.allReduce(bytes: 8 * contributions.count, ranks: communicator.size)
  }

  /// The radius of a tensor, after `agree(step:)`.
  func value(ofTensor number: Int) -> Float {
    let all = contributions.upperBound..<2 * contributions.upperBound
    var voters = StochasticRadius.Contribution()
    messages.withSpan(in: all) { all in
      for slot in 0..<slots where all[slot * stride + tensors.count] > 0 {
        let next = StochasticRadius.Contribution(
          statistic: all[slot * stride + number], count: tensors[number].range.count)
        voters = radius.combined(voters, with: next)
      }
    }
    return radius.radius(of: voters)
  }
}
