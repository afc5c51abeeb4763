import Datasets
import Foundation
import MPIKit
import Networks
import Objectives
import RunLog
import SignBits
import Voting

/// The head of a run, for the log and for people.
struct RunHead {
  /// The head of the log.
  let record: RunRecord
  /// A few lines for the console.
  let lines: [String]

  init(_ plan: RunPlan, _ workload: Workload, nodes: NodeMap, threads: Int) {
    record = Self.record(plan, workload, nodes, threads)
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
    record.cpu = Machine.processor
    record.instructionSet = OneDNN.instructionSet
    record.threads = threads
    record.oneDNNVersion = plan.options.model == .mlp ? OneDNN.version : nil
    let votes = plan.options.algorithm.votes
    record.route = votes ? plan.route.rawValue : "mean-" + plan.mean.rawValue
    record.routeReason =
      (votes ? plan.options.route != nil : plan.options.mean != nil) ? "asked for" : "the default"
    record.signRule = votes ? plan.signRule.rawValue : "none"
    record.orderDependent = !votes && plan.mean == .mpi
    record.commit = Machine.commit
    record.tensors = workload.objective.layout.tensors.count
    record.batch = plan.batchCapacity
    record.slurmJobID = environment["SLURM_JOB_ID"]
    record.slurmRestartCount = environment["SLURM_RESTART_COUNT"].flatMap(Int.init)
    guard let data = workload.data else { return record }
    record.trainingSamples = workload.trainingCount
    record.validationSamples = workload.split?.validation.count
    record.testSamples = data.test?.count
    if case .dense(let dataset) = data.training {
      record.pixelMean = dataset.normalization.mean
      record.pixelStandardDeviation = dataset.normalization.standardDeviation
    }
    return record
  }

  private static func lines(
    _ plan: RunPlan, _ workload: Workload, _ nodes: NodeMap, _ threads: Int
  ) -> [String] {
    let options = plan.options
    let layout = workload.objective.layout
    var method = "\(options.algorithm.rawValue), lr \(plan.learningRate) \(options.schedule)"
    if let momentum = plan.momentum { method += ", momentum \(momentum)" }
    method +=
      options.algorithm.votes
      ? ", sign rule \(plan.signRule.rawValue), vote \(plan.route.rawValue)"
      : ", mean \(plan.mean.rawValue)"
    let places = nodes.hosts.count == 1 ? "1 node" : "\(nodes.hosts.count) nodes"
    let each = threads == 1 ? "1 thread" : "\(threads) threads"
    var lines = ["ranks   \(plan.ranks) on \(places), \(each) each"]
    if let data = workload.data {
      let held = workload.split?.validation.count ?? 0
      lines.append(
        "data    \(options.data ?? "fashion-mnist"): \(workload.trainingCount) training, "
          + (held > 0 ? "\(held) held-out, " : "")
          + "\(data.test?.count ?? 0) test samples, \(data.training.width) features, "
          + "\(data.training.classCount) classes")
    }
    lines.append(
      "model   \(options.model): \(layout.count) parameters in \(layout.tensors.count) tensors")
    lines.append("method  \(method)")
    let length = plan.stepsPerEpoch.map { ", \($0) an epoch" } ?? ""
    lines.append(
      "run     \(plan.totalSteps) steps\(length), batch \(options.batch), seed \(options.seed)")
    return lines
  }
}
