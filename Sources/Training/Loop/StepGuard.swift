import Voting

/// Decides from the control blocks of a step, alike on all ranks, whether the run may go on.
struct StepGuard {
  /// Steps in a row in which some rank may abstain because of numbers that are not finite.
  let maximumAbstentions: Int
  private var stepsInARow = 0

  init(maximumAbstentions: Int) {
    self.maximumAbstentions = maximumAbstentions
  }

  /// Checks a step before it is applied.
  ///
  /// - Returns: The ranks that abstained because of numbers that are not finite.
  /// - Throws: `TrainingError` when no rank has a finite number, when ranks abstained in too many
  ///   steps in a row, or when the replicas differ.
  mutating func check(_ controls: [ControlBlock], step: Int, tensors: Int) throws(TrainingError)
    -> [Int]
  {
    let differing = Self.outvotedHashes(controls)
    if !differing.isEmpty { throw .replicasDiffer(step: step, ranks: differing) }
    guard controls.contains(where: \.reportsAbstention) else {
      stepsInARow = 0
      return []
    }
    let ranks = controls.indices.filter { controls[$0].reportsAbstention }
    stepsInARow += 1
    if controls.allSatisfy({ $0.abstainsWholly(tensors: tensors) }) {
      throw .nothingFinite(step: step)
    }
    if stepsInARow > maximumAbstentions {
      throw .abstentions(steps: stepsInARow, ranks: ranks, step: step)
    }
    return ranks
  }

  private static func outvotedHashes(_ controls: [ControlBlock]) -> [Int] {
    guard let first = controls.first, first.flags.contains(.carriesHash) else { return [] }
    return controls.contains { $0.hash != first.hash } ? outvoted(controls.map(\.hash)) : []
  }

  /// The ranks whose hash is not the most frequent one; of equally frequent ones that of the lowest
  /// rank counts.
  static func outvoted(_ hashes: [UInt64]) -> [Int] {
    let votes = hashes.map { hash in hashes.count { $0 == hash } }
    let most = votes.max() ?? 0
    let winner = hashes[votes.firstIndex(of: most) ?? 0]
    return hashes.indices.filter { hashes[$0] != winner }
  }
}

extension ControlBlock {
  /// Whether the rank abstains in some tensor because its numbers are not finite.
  var reportsAbstention: Bool {
    !flags.isDisjoint(with: [.lossNotFinite, .someVoterAbstains]) || abstainedTensors > 0
  }

  /// Whether nothing of the rank counts in this step.
  func abstainsWholly(tensors: Int) -> Bool {
    !flags.isDisjoint(with: [.lossNotFinite, .noSample]) || abstainedTensors >= tensors
  }
}
