import AlignedBuffers
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
    RankProgram.run { world in
      guard options.onFailure == .shrink, MPI.mitigatesFailures else {
        return try run(options, on: world, after: nil)
      }
      return try Survivors.run(of: world) { ranks, death in
        var options = options
        // Later attempts go on from what the first one wrote.
        if death != nil { options.resume = .auto }
        return try run(options, on: ranks, after: death)
      }
    }
  }

  private static func run(
    _ options: TrainingOptions, on world: borrowing Communicator, after death: RankDeath?
  ) throws -> Int32 {
    if options.checkpoint != nil { StopSignal.listen() }
    let nodes = try NodeMap(world)
    guard let settings = options.checkpointSettings else {
      return try run(options, nodes, threads: options.threads ?? nodes.threadsPerRank, on: world)
    }
    guard let search = try CheckpointSearch.run(settings, on: world) else { return 2 }
    let before = search.manifest.flatMap { $0.ranks == world.size ? $0.threads[world.rank] : nil }
    return try run(
      options, nodes, threads: options.threads ?? before ?? nodes.threadsPerRank,
      search: search, after: death, on: world)
  }

  private static func run(
    _ options: TrainingOptions, _ nodes: NodeMap, threads: Int,
    search: CheckpointSearch? = nil, after death: RankDeath? = nil, on world: borrowing Communicator
  ) throws -> Int32 {
    let position = search?.manifest?.position ?? RunPosition()
    let prepared = Result {
      try Preparation(options, nodes: nodes, threads: threads, position: position, world: world)
    }
    guard try Agreement.isReady(prepared.failure, on: world) else { return 2 }
    let ready = try prepared.get()
    let difference = try Agreement.difference(in: ready.fingerprint, on: world)
    guard try Agreement.isReady(difference, on: world) else { return 2 }

    var plan = ready.plan
    let trial = try plan.tryRoutes(
      parameters: ready.workload.objective.layout.count, world: world)
    if let trial { plan.take(trial) }

    var checkpoints: Checkpointing?
    if let settings = options.checkpointSettings, let search {
      let threads = try world.allGatherStrings("\(threads)").compactMap { Int($0) }
      let made = try Checkpointing(
        settings, search: search, plan: ready.plan, facts: ready.facts, threads: threads)
      guard try Agreement.isReady(made.refusal(), on: world) else { return 2 }
      try search.setLeftoversAside()
      checkpoints = made
    }
    var reporter: Reporter?
    if world.rank == 0 {
      let writer = try options.log.map { path throws(RunLogError) in try RunLogWriter(path: path) }
      let head = RunHead(
        plan, ready.workload, nodes: nodes, threads: threads,
        runIdentifier: checkpoints?.runIdentifier)
      let made = Reporter(
        plan: plan, layout: ready.workload.objective.layout, writer: writer)
      try made.begin(head.record, headline: head.lines)
      checkpoints?.report(to: made, warnings: search?.warnings ?? [])
      if let death { made.record(death) }
      if let notice = try options.failureNotice { made.record(fallback: notice) }
      reporter = made
    }
    let loop = try TrainingLoop(
      plan: plan, workload: ready.workload, reporter: reporter, fault: ready.fault,
      checkpoints: checkpoints, state: ready.state, world: world)
    let outcome = try loop.run()
    try Agreement.checkReplicas(outcome.weightHash, steps: outcome.steps, on: world)
    let isDone = outcome.ending != .stopped
    if world.rank == 0, isDone, let path = options.save {
      try ModelFile.write(outcome.state, of: ready.workload, options: options, to: path)
    }
    reporter?.finish(outcome, saved: isDone ? options.save : nil)
    return outcome.exitCode
  }
}

/// What a rank makes ready by itself, before it meets the others.
private struct Preparation {
  let plan: RunPlan
  let workload: Workload
  /// The parameters that the run starts from.
  let state: ModelState
  let fault: FaultInjection?

  init(
    _ options: TrainingOptions, nodes: NodeMap, threads: Int, position: RunPosition,
    world: borrowing Communicator
  ) throws {
    fault = try FaultInjection(rank: world.rank)
    if world.rank == 0 {
      // Opened to see that it can be; the file is only ever appended to.
      if let log = options.log { _ = try RunLogWriter(path: log) }
      if let path = options.save { try ModelFile.checkPlace(path) }
    }
    workload = try Workload(
      options, ranks: world.size, localRanks: nodes.localRanks, threads: threads)
    plan = try RunPlan(
      options, ranks: world.size, trainingSamples: workload.trainingCount,
      largestPart: workload.clientSamples?.map(\.count).max(), position: position)
    try options.checkAdversaries(among: plan.cohort?.clients ?? world.size)
    state = ModelState(layout: workload.objective.layout)
    try state.start(workload.objective, plan)
  }

  /// What must be the same on all ranks, a line a fact.
  ///
  /// Threads may differ: nodes have other numbers of cores and ranks, and only votes are shared.
  var fingerprint: String {
    let options = plan.options.configuration(plan, threads: 0).map {
      "\($0.name) \($0.value.text)"
    }
    let hash = state.parameters.withSpan(WeightHash.init(of:))
    return (options + facts.sorted { $0.key < $1.key }.map { "\($0) \($1)" } + ["start \(hash)"])
      .joined(separator: "\n")
  }

  /// What the options do not say about data and model.
  var facts: [String: String] {
    let data = workload.data.map {
      "\($0.training.count) x \($0.training.width), \($0.training.classCount) classes, "
        + "test \($0.test?.count ?? 0)"
    }
    return ["samples": data ?? "none", "tensors": "\(workload.objective.layout)"]
  }
}

extension Result {
  /// The error, if any.
  fileprivate var failure: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
