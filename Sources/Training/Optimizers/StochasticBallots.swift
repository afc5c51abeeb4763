import MPIKit
import Objectives
import SignBits
import SignDescent
import Voting

/// The operator S_R on the momenta of the hosted voters, with one radius for all voters.
final class StochasticBallots {
  private let layout: ParameterLayout
  private let sign: StochasticSign
  private let agreement: RadiusAgreement
  /// The tensors in which each voter of this step abstains, by voter.
  private var abstentions: [Int: [Int]] = [:]

  /// Nil where signs are deterministic.
  ///
  /// Collective: duplicates the communicator.
  init?(
    plan: RunPlan, layout: ParameterLayout, voters: Int, patience: Patience,
    world: borrowing Communicator
  ) throws(MPIError) {
    guard let radius = plan.radius else { return nil }
    self.layout = layout
    sign = StochasticSign(seed: plan.options.seed, rule: plan.signRule)
    agreement = try RadiusAgreement(
      radius, layout: layout, voters: voters, patience: patience, world: world)
  }

  /// What the last agreement sent and received.
  var traffic: Traffic { agreement.traffic }

  /// Starts a step.
  func begin() {
    abstentions.removeAll(keepingCapacity: true)
    agreement.begin()
  }

  /// Takes in the momentum of a voter.
  ///
  /// - Parameter tensors: The numbers of those in which the voter abstains; their momentum counts
  ///   for the radius all the same, unless it abstains in all.
  func add(_ momentum: Span<Float>, of voter: Int, abstainingIn tensors: [Int]) {
    if tensors.count < layout.tensors.count { agreement.add(momentum, of: voter) }
    if !tensors.isEmpty { abstentions[voter] = tensors }
  }

  /// Agrees on the radii of all tensors.
  ///
  /// Collective.
  func agree(step: Int) throws { try agreement.agree(step: step) }

  /// Draws the signs of a voter.
  func pack(
    _ momentum: Span<Float>, of voter: Int, step: Int, into ballot: inout SignPlanes
  ) {
    for (number, tensor) in layout.tensors.enumerated() {
      sign.pack(
        momentum, radius: agreement.value(ofTensor: number), coordinates: tensor.range,
        owner: voter, step: step, into: &ballot)
    }
    for number in abstentions[voter] ?? [] {
      ballot.abstain(in: layout.tensors[number].range)
    }
  }
}
