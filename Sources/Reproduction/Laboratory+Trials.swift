import MPIKit
import Objectives
import Training

/// One run of an experiment: an algorithm on an objective.
struct Trial {
  /// What defines the algorithm.
  let options: TrainingOptions
  /// The number of workers who vote.
  var voters = 1
  /// The number of steps.
  let steps: Int
  /// Added to the laboratory's seed.
  var seed = 0
  /// Makes what is minimised.
  let objective: () throws -> any ClosedFormObjective
}

extension Laboratory {
  /// Runs each trial on one rank, which hosts all its voters, and shares the results.
  ///
  /// Collective. The longest trials are given out first, each to the rank with the least work.
  ///
  /// - Parameters:
  ///   - trials: The trials, the same on all ranks.
  ///   - measure: Makes the steps of a trial and measures; called on one rank for each trial.
  /// - Returns: What was measured in each trial.
  func apart(
    _ trials: [Trial], _ measure: (Run) throws -> [Double]
  ) throws -> [[Double]] {
    let owners = owners(of: trials)
    var results: [[Double]] = []
    let own = trials.indices.filter { owners[$0] == world.rank }
    for index in own {
      results.append(try measure(Run(trials[index], index: index, laboratory: self, on: alone)))
      progress("\(results.count) of \(own.count) runs")
    }
    return try gathered(results, owners: owners)
  }

  /// Runs each trial on all ranks, which share its voters.
  ///
  /// Collective, and so is `measure` as far as it makes steps: it is called on every rank.
  ///
  /// - Returns: What was measured in each trial.
  func together(
    _ trials: [Trial], _ measure: (Run) throws -> [Double]
  ) throws -> [[Double]] {
    var results: [[Double]] = []
    for (index, trial) in trials.enumerated() {
      results.append(try measure(Run(trial, index: index, laboratory: self, on: world)))
      progress("\(results.count) of \(trials.count) runs")
    }
    return results
  }

  private func owners(of trials: [Trial]) -> [Int] {
    var owners = Array(repeating: 0, count: trials.count)
    var load = Array(repeating: 0, count: world.size)
    let work = trials.map { $0.steps * $0.voters }
    for index in trials.indices.sorted(by: { (work[$1], $0) < (work[$0], $1) }) {
      let owner = load.indices.min { (load[$0], $0) < (load[$1], $1) } ?? 0
      owners[index] = owner
      load[owner] += work[index]
    }
    return owners
  }

  /// The results of all ranks in the order of the trials.
  private func gathered(_ own: [[Double]], owners: [Int]) throws -> [[Double]] {
    // Each result is led by its length.
    let flat = own.flatMap { [Double($0.count)] + $0 }
    var counts = [Int](repeating: 0, count: world.size)
    try world.allGather([flat.count].span, into: counts.mutableSpan)
    var all = [Double](repeating: 0, count: counts.reduce(0, +))
    try world.allGatherVariable(flat.span, into: all.mutableSpan, counts: counts)
    var next = counts.indices.map { counts[..<$0].reduce(0, +) }
    return owners.map { owner in
      let start = next[owner] + 1
      let end = start + Int(all[start - 1])
      next[owner] = end
      return Array(all[start..<end])
    }
  }
}
