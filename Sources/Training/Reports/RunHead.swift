import Datasets
import Foundation
import MPIKit
import Networks
import Objectives
import RunLog
import SignBits
import SignDescent
import Voting

/// The head of a run, for the log and for people.
struct RunHead {
  /// The head of the log.
  let record: RunRecord
  /// A few lines for the console.
  let lines: [String]

  /// - Parameter runIdentifier: That of the run which goes on; nil for a new one.
  init(
    _ plan: RunPlan, _ workload: Workload, nodes: NodeMap, threads: Int,
    runIdentifier: String? = nil
  ) {
    var record = Self.record(plan, workload, nodes, threads)
    if let runIdentifier { record.runIdentifier = runIdentifier }
    self.record = record
    lines = Self.lines(plan, workload, nodes, threads)
  }

  private static func record(
    _ plan: RunPlan, _ workload: Workload, _ nodes: NodeMap, _ threads: Int
  ) -> RunRecord {
    let environment = ProcessInfo.processInfo.environment
    let now = Date()
    var record = RunRecord(
      runIdentifier: "\(Int(now.timeIntervalSince1970 * 1000))-\(getpid())", startedAt: now,
      configuration: plan.options.configuration(plan, threads: threads), seed: plan.options.seed,
      ranks: plan.ranks, parameters: workload.objective.layout.count, steps: plan.totalSteps,
      learningRate: plan.learningRate)
    record.nodes = nodes.hosts.count
    record.ranksPerNode = nodes.ranksPerNode
    record.hosts = nodes.hosts
    record.mpiLibrary = (try? MPI.libraryVersion) ?? "unknown"
    record.mpiStandard = (try? MPI.standardVersion) ?? "unknown"
    record.networkInterface = environment["OMPI_MCA_btl_tcp_if_include"]
    record.linkGbps = environment["SIGNUM_LINK_GBPS"].flatMap(Double.init)
    record.cpu = Machine.processor
    record.instructionSet = OneDNN.instructionSet
    record.threads = threads
    record.oneDNNVersion = workload.objective is Network ? OneDNN.version : nil
    let exchange = plan.options.algorithm.exchange
    let averages = exchange == .mean
    record.route = averages ? "mean-" + plan.mean.rawValue : plan.route.rawValue
    record.routeReason =
      averages ? plan.options.mean == nil ? "the default" : "asked for" : plan.routeReason
    if exchange == .vote { record.coding = plan.coding.rawValue }
    record.signRule = exchange == .vote ? plan.signRule.rawValue : "none"
    record.orderDependent = averages && plan.mean == .mpi
    record.gradientsPerStep =
      plan.options.algorithm == .ssvr ? 2 : plan.cohort?.localSteps ?? 1
    record.lookAhead = plan.lookAheadForm(for: workload.objective)?.rawValue
    record.biasedSigns = plan.radius?.isBiased
    let voters = plan.cohort?.clients ?? plan.ranks
    let adversaries = Adversaries.members(
      fraction: plan.options.adversaries, of: voters, seed: plan.options.seed)
    if !adversaries.isEmpty { record.adversaries = adversaries.sorted() }
    record.commit = Machine.commit
    record.tensors = workload.objective.layout.tensors.count
    record.batch = plan.batchCapacity
    record.slurmJobID = environment["SLURM_JOB_ID"]
    record.slurmRestartCount = environment["SLURM_RESTART_COUNT"].flatMap(Int.init)
    guard let data = workload.data else { return record }
    record.trainingSamples = workload.trainingCount
    record.validationSamples = workload.split?.validation.count
    record.testSamples = data.test?.count
    record.samplesPerClient = workload.classesPerClient
    if case .dense(let dataset) = data.training {
      record.pixelMeans = dataset.normalization.map(\.mean)
      record.pixelStandardDeviations = dataset.normalization.map(\.standardDeviation)
    }
    return record
  }

  private static func lines(
    _ plan: RunPlan, _ workload: Workload, _ nodes: NodeMap, _ threads: Int
  ) -> [String] {
    let options = plan.options
    let layout = workload.objective.layout
    let method = Self.method(plan, workload)
    let places = nodes.hosts.count == 1 ? "1 node" : "\(nodes.hosts.count) nodes"
    let each = threads == 1 ? "1 thread" : "\(threads) threads"
    var lines = ["ranks   \(plan.ranks) on \(places), \(each) each"]
    if let data = workload.data {
      let held = workload.split?.validation.count ?? 0
      let shape =
        workload.isText
        ? "windows of \(data.training.width - 1) bytes"
        : "\(data.training.width) features, \(data.training.classCount) classes"
      lines.append(
        "data    \(options.dataName): \(workload.trainingCount) training, "
          + (held > 0 ? "\(held) held-out, " : "")
          + "\(data.test?.count ?? 0) test samples, \(shape)")
    }
    lines.append(
      "model   \(options.model): \(layout.count) parameters in \(layout.tensors.count) tensors")
    lines.append("method  \(method)")
    lines += Self.voterLines(plan, workload)
    let length = plan.stepsPerEpoch.map { ", \($0) an epoch" } ?? ""
    lines.append(
      "run     \(plan.totalSteps) steps\(length), \(batch(plan)), seed \(options.seed)")
    return lines
  }

  /// The batch as it was asked for, and what becomes of it where there are fewer samples.
  private static func batch(_ plan: RunPlan) -> String {
    let asked = "batch \(plan.options.batch)"
    guard case .perRank(let part) = plan.options.batch,
      plan.batchCapacity < Memory.product(part, plan.options.accumulate)
    else { return asked }
    return asked + " (there are \(plan.batchCapacity) samples)"
  }

  private static func method(_ plan: RunPlan, _ workload: Workload) -> String {
    let options = plan.options
    var method = "\(options.algorithm.rawValue), lr \(plan.learningRate) \(options.schedule)"
    if let momentum = plan.momentum { method += ", momentum \(momentum)" }
    if options.algorithm == .lion { method += ", interpolation \(plan.interpolation)" }
    if let form = plan.lookAheadForm(for: workload.objective) {
      method += ", look-ahead \(form.rawValue)"
    }
    if let radius = plan.radius {
      method += ", radius \(radius)" + (radius.isBiased ? " (biased)" : "")
    }
    if let clip = options.clip { method += ", clip \(clip)" }
    switch options.algorithm.exchange {
    case .vote:
      method += ", sign rule \(plan.signRule.rawValue), vote \(plan.route.rawValue)"
      if plan.isRouteTried { method += " (\(plan.routeReason))" }
      if plan.coding != .none { method += ", coding \(plan.coding.rawValue)" }
    case .scaledSigns: method += ", vote \(plan.route.rawValue)"
    case .mean: method += ", mean \(plan.mean.rawValue)"
    }
    return method
  }

  /// Clients, how the data lie with the voters, and adversaries, where there is something to say.
  private static func voterLines(_ plan: RunPlan, _ workload: Workload) -> [String] {
    var lines: [String] = []
    if let cohort = plan.cohort {
      lines.append(
        "clients \(cohort.clients), \(cohort.attendance) in a round, \(cohort.localSteps) local "
          + "gradients at lr \(cohort.localLearningRate)")
    }
    if let counts = workload.classesPerClient {
      let sizes = counts.map { $0.reduce(0, +) }.sorted()
      let classes = counts.map { $0.count { $0 > 0 } }.sorted()
      lines.append(
        "parts   \(plan.partition): \(sizes[0]) to \(sizes[sizes.count - 1]) samples, "
          + "\(classes[0]) to \(classes[classes.count - 1]) classes a voter")
    }
    let voters = plan.cohort?.clients ?? plan.ranks
    let adversaries = Adversaries.members(
      fraction: plan.options.adversaries, of: voters, seed: plan.options.seed)
    if !adversaries.isEmpty {
      lines.append(
        "attack  \(plan.attack.rawValue) by \(adversaries.count) of \(voters) voters")
    }
    return lines
  }
}
