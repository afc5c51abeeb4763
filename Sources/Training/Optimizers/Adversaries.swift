import AlignedBuffers
import CounterRandom
import MPIKit
import SignBits
import Voting

/// What adversaries send in place of their ballots (`--attack`).
public enum Attack: String, CaseIterable, Sendable {
  /// The complement of the own signs; abstentions stay.
  case invert
  /// Fair coins.
  case random
  /// All of them the complement of the majority of their own ballots.
  case collude
  /// The ballot of their first step for ever.
  case freeze
}

/// The voters that send something else than their ballots.
///
/// Their number is fraction · C, rounded; which ones follows from a permutation keyed
/// (seed, `adversaries`). What they agree on among themselves is not counted as traffic.
final class Adversaries {
  private let members: Set<Int>
  private let attack: Attack
  private let seed: UInt64
  /// The vote of those who collude.
  private let conspiracy: MajorityVote?
  /// What those who freeze keep, for each hosted voter: 0, or 1 once there is a ballot, or 2 for one
  /// with a mask; its signs; its mask.
  private var frozen: AlignedBuffer<UInt64>
  private let frozenWords: Int
  private let electorate: Electorate
  private let patience: Patience

  /// Chooses the adversaries; nil where there are none.
  ///
  /// Collective.
  init?(
    plan: RunPlan, electorate: Electorate, coordinateCount: Int, patience: Patience,
    world: borrowing Communicator
  ) throws(MPIError) {
    members = Self.members(
      fraction: plan.options.adversaries, of: electorate.count, seed: plan.options.seed)
    guard !members.isEmpty else { return nil }
    attack = plan.attack
    seed = plan.options.seed
    self.electorate = electorate
    self.patience = patience
    frozenWords = 1 + 2 * SignPlanes.wordCount(of: coordinateCount)
    frozen = AlignedBuffer(
      repeating: 0, count: attack == .freeze ? frozenWords * electorate.hosted.count : 0)
    conspiracy =
      attack != .collude
      ? nil
      : try MajorityVote(
        coordinateCount: coordinateCount, voters: members.count, rule: plan.signRule,
        route: .allreduce, seed: seed, communicator: world)
  }

  /// The numbers of the adversaries among so many voters.
  static func members(fraction: Double, of voters: Int, seed: UInt64) -> Set<Int> {
    let count = Int((fraction * Double(voters)).rounded())
    guard count > 0 else { return [] }
    let order = RandomStream(seed: seed, purpose: .adversaries).permutation(count: voters)
    return Set(order.prefix(count).map(Int.init))
  }

  /// Changes a voter's ballot if it is an adversary.
  ///
  /// - Returns: Whether the ballot may be cast at once; those of colluders are held back.
  func replace(_ ballot: inout SignPlanes, of voter: Int, step: Int) -> Bool {
    guard members.contains(voter) else { return true }
    switch attack {
    case .invert: ballot.complement()
    case .random:
      ballot.randomize(
        stream: RandomStream(seed: seed, purpose: .attack, owner: voter, step: step))
    case .freeze: freeze(&ballot, of: voter)
    case .collude:
      conspiracy?.ballot.copy(from: ballot)
      conspiracy?.cast()
      return false
    }
    return true
  }

  /// Keeps the first ballot of a voter, and replaces later ones by it.
  private func freeze(_ ballot: inout SignPlanes, of voter: Int) {
    let first = (voter - electorate.hosted.lowerBound) * frozenWords
    let masks = first + 1 + ballot.wordCount
    if frozen[first] == 0 {
      frozen[first] = ballot.hasMask ? 2 : 1
      for word in 0..<ballot.wordCount {
        frozen[first + 1 + word] = ballot.signs[word]
        frozen[masks + word] = ballot.masks[word]
      }
    } else {
      ballot.hasMask = frozen[first] == 2
      for word in 0..<ballot.wordCount {
        ballot.signs[word] = frozen[first + 1 + word]
        ballot.masks[word] = frozen[masks + word]
      }
    }
  }

  /// Lends what is kept, to be saved or restored.
  func withState(_ body: StateVisitor) throws {
    guard attack == .freeze else { return }
    try frozen.visit("frozenBallots", electorate.place(elementsPerVoter: frozenWords), body)
  }

  /// Lets the colluders agree and hands out the ballot of each that is hosted and takes part.
  ///
  /// Collective.
  ///
  /// - Parameter cast: Casts the ballot that all of them send.
  func collude(
    step: Int, attending: [Int], cast: (borrowing SignPlanes) -> Void
  ) throws {
    guard let conspiracy else { return }
    let present = attending.filter(members.contains)
    // Whoever stays away abstains among the colluders.
    let absent = electorate.hosted.count(where: members.contains) - present.count
    for _ in 0..<absent {
      conspiracy.ballot.abstain(in: 0..<conspiracy.ballot.count)
      conspiracy.cast()
    }
    var control = ControlBlock()
    control.step = step
    try conspiracy.begin(control)
    try conspiracy.wait(patience)
    conspiracy.tally()
    conspiracy.ballot.copy(from: conspiracy.verdict)
    conspiracy.ballot.complement()
    for _ in present { cast(conspiracy.ballot) }
  }
}
