import Checkpoints
import Datasets
import MPIKit
import Networks
import RunLog

/// The checkpoints of a run, as its program sets them up: where from, and where to.
struct Checkpointing {
  let setting: CheckpointSetting
  let fault: CheckpointFault?
  /// The checkpoint that the run goes on from.
  private let origin: CheckpointManifest?

  /// - Parameter threads: The threads of every rank.
  init(
    _ settings: CheckpointSettings, search: CheckpointSearch, plan: RunPlan,
    facts: [String: String], threads: [Int]
  ) throws(OptionError) {
    fault = try CheckpointFault()
    origin = search.manifest
    var template = CheckpointManifest(
      runIdentifier: search.manifest?.runIdentifier ?? search.folder.token, step: 0,
      ranks: plan.ranks)
    template.threads = threads
    template.machine = Self.machine
    template.configuration = plan.options.definingConfiguration(plan).merging(facts) { $1 }
    setting = CheckpointSetting(
      settings: settings, folder: search.folder, lock: search.lock, template: template)
  }

  /// What gradients depend on besides weights, samples and threads.
  private static var machine: [String: String] {
    ["instructionSet": OneDNN.instructionSet, "oneDNN": OneDNN.version]
  }

  /// The identifier of the run, the same in all its jobs.
  var runIdentifier: String { setting.template.runIdentifier }

  /// Why the run cannot go on from the checkpoint; nil where it can.
  func refusal() -> OptionError? {
    guard let origin else { return nil }
    let own = setting.template.configuration
    let names = Set(own.keys).union(origin.configuration.keys).sorted()
    if let name = names.first(where: { own[$0] != origin.configuration[$0] }) {
      return OptionError(
        "\(setting.folder.place(of: origin.step)): of a run with '\(name)' "
          + "\(origin.configuration[name] ?? "not given"), this one has "
          + "\(own[name] ?? "it not given"); give the same options, or another folder")
    }
    if setting.settings.isStrict, let first = differences.first {
      return OptionError("--resume-strict: \(first)")
    }
    return nil
  }

  /// What differs from the machines of the checkpoint, so that gradients may in their last bits.
  private var differences: [String] {
    guard let origin else { return [] }
    var lines = Self.machine.sorted { $0.key < $1.key }.compactMap { name, value in
      origin.machine[name] == value
        ? nil
        : "the checkpoint is of \(name) \(origin.machine[name] ?? "unknown"), here it is \(value): "
          + "gradients may differ in their last bits"
    }
    if origin.ranks == setting.template.ranks, origin.threads != setting.template.threads {
      lines.append(
        "the checkpoint is of \(origin.threads) threads of the ranks, here they are "
          + "\(setting.template.threads): gradients may differ in their last bits")
    }
    if origin.ranks != setting.template.ranks {
      lines.append(
        "the checkpoint is of \(origin.ranks) ranks, here there are \(setting.template.ranks)")
    }
    return lines
  }

  /// Restores the state of a rank, where the run goes on from a checkpoint.
  func restore(into content: CheckpointContent) throws {
    guard let origin else { return }
    try CheckpointRestore(
      folder: setting.folder.place(of: origin.step), manifest: origin, content: content
    ).run()
  }

  /// Tells log and console what the run goes on from.
  func report(to reporter: Reporter, warnings: [String]) {
    let step = origin?.step ?? 0
    for line in warnings { reporter.warn(line, step: step, ranks: [0], event: .fallback) }
    guard let origin else { return }
    var lines = differences
    if let mapping = CheckpointRestore.mapping(from: origin.ranks, to: setting.template.ranks) {
      lines.append(mapping)
    }
    for line in lines { reporter.warn(line, step: step, ranks: []) }
    reporter.warn(
      "resumed from step \(step), epoch \(origin.epoch + 1) after \(origin.entriesUsed) of its "
        + "samples, weights \(origin.weightHash)", step: step, ranks: [], event: .resume)
  }
}

extension CheckpointManifest {
  /// Where the run goes on.
  var position: RunPosition {
    RunPosition(
      place: .init(step: step, epoch: epoch, entry: entriesUsed), scheduleStep: scheduleStep,
      scheduleSteps: scheduleSteps)
  }
}
