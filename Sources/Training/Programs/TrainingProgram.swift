import Checkpoints
import Datasets
import Foundation
import MPIKit
import Objectives
import RunLog

/// `signum train`: a run from its options to its exit code.
public enum TrainingProgram {
  /// Trains on all ranks of the launcher.
  ///
  /// Errors that all ranks agree on end in exit code 2 after MPI_Finalize. Whatever fails on one
  /// rank later is printed with the rank and ends the whole job by MPI_Abort.
  ///
  /// - Parameter options: Validated options.
  /// - Returns: The exit code.
  public static func run(_ options: TrainingOptions) -> Int32 {
    RankProgram.run { world in try run(options, on: world) }
  }

  private static func run(
    _ options: TrainingOptions, on world: borrowing Communicator
  ) throws -> Int32 {
    let nodes = try NodeMap(world)
    let threads = options.threads ?? nodes.threadsPerRank
    let prepared = Result { try Preparation(options, nodes: nodes, threads: threads, world: world) }
    guard try Agreement.isReady(prepared.failure, on: world) else { return 2 }
    let ready = try prepared.get()
    let difference = try Agreement.difference(in: ready.fingerprint, on: world)
    guard try Agreement.isReady(difference, on: world) else { return 2 }

    var reporter: Reporter?
    if world.rank == 0 {
      let writer = try options.log.map { path throws(RunLogError) in try RunLogWriter(path: path) }
      let head = RunHead(ready.plan, ready.workload, nodes: nodes, threads: threads)
      reporter = Reporter(
        plan: ready.plan, layout: ready.workload.objective.layout, writer: writer)
      try reporter?.begin(head.record, headline: head.lines)
    }
    let loop = try TrainingLoop(
      plan: ready.plan, workload: ready.workload, reporter: reporter, fault: ready.fault,
      world: world)
    let outcome = try loop.run()
    try Agreement.checkReplicas(outcome.weightHash, steps: ready.plan.totalSteps, on: world)
    if world.rank == 0, let path = options.save {
      try ModelFile.write(outcome.state, of: ready.workload, options: options, to: path)
    }
    try reporter?.finish(outcome, saved: options.save)
    return 0
  }
}

/// What a rank makes ready by itself, before it meets the others.
private struct Preparation {
  let plan: RunPlan
  let workload: Workload
  let fault: FaultInjection?

  init(
    _ options: TrainingOptions, nodes: NodeMap, threads: Int, world: borrowing Communicator
  ) throws {
    fault = try FaultInjection(rank: world.rank)
    if world.rank == 0 {
      // Opened to see that it can be; the file is only ever appended to.
      if let log = options.log { _ = try RunLogWriter(path: log) }
      if let path = options.save { try ModelFile.checkFolder(of: path) }
    }
    workload = try Workload(
      options, ranks: world.size, localRanks: nodes.localRanks, threads: threads)
    plan = try RunPlan(
      options, ranks: world.size, trainingSamples: workload.trainingCount,
      largestPart: workload.clientSamples?.map(\.count).max())
    try options.checkAdversaries(among: plan.cohort?.clients ?? world.size)
  }

  /// What must be the same on all ranks, a line a fact.
  ///
  /// Threads may differ: nodes have other numbers of cores and ranks, and only votes are shared.
  var fingerprint: String {
    let options = plan.options.configuration(plan, threads: 0).map {
      "\($0.name) \($0.value.text)"
    }
    let data = workload.data.map {
      "data \($0.training.count) x \($0.training.width), \($0.training.classCount) classes, "
        + "test \($0.test?.count ?? 0)"
    }
    return (options + [data ?? "no data", "tensors \(workload.objective.layout)"])
      .joined(separator: "\n")
  }
}

extension Result {
  /// The error, if any.
  fileprivate var failure: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
