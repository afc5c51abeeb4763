import AlignedBuffers
import Checkpoints
import Datasets
import MPIKit
import Objectives
import RunLog
import Voting

/// Writes the checkpoints of a run while its steps go on.
///
/// A checkpoint goes through three states. All ranks begin it after the same step, each copies its
/// state (`--checkpoint-memory copy`) and a thread beside writes it. Each says with its control block
/// that its files are on the disk; after the step in which all have said so, rank 0 gathers size and
/// hash of each file. Its thread then writes the manifest and gives the folder its name. All ranks
/// see the same control blocks, so they agree without further messages.
final class Checkpointer {
  private let setting: CheckpointSetting
  private let plan: RunPlan
  private let content: CheckpointContent
  private let reporter: Reporter?
  private let patience: Patience
  private let communicator: Communicator
  private let atPhase: @Sendable (CheckpointPhase) -> Void
  private let thread = BackgroundThread()
  private let snapshot: Snapshot?
  private let ownFiles: [CheckpointContent.File]
  private var messages: MessageBuffer<UInt64>

  /// The checkpoint whose files are being written.
  private var writing: (checkpoint: Progress, files: Pending<WrittenFiles>)?
  /// The checkpoint that is being given its name; on rank 0.
  private var naming: (checkpoint: Progress, failure: Pending<CheckpointError?>)?
  /// The step of the checkpoint that was begun last.
  private var lastStep: Int
  /// Whether that one is complete, or at least was not seen to fail.
  private var lastSucceeded = true
  private var lastSeconds = Clock.seconds

  private struct Progress {
    let step: Int
    var stallSeconds = 0.0
    var bytes = 0
    let start = Clock.seconds
  }

  /// Makes room for copies.
  ///
  /// Collective: duplicates the communicator.
  init(
    _ setting: CheckpointSetting, plan: RunPlan, content: CheckpointContent, reporter: Reporter?,
    patience: Patience, fault: CheckpointFault?, world: borrowing Communicator
  ) throws {
    self.setting = setting
    self.plan = plan
    self.content = content
    self.reporter = reporter
    self.patience = patience
    communicator = try world.duplicate()
    atPhase = { phase in fault?.strike(at: phase) }
    ownFiles = try content.files(isKeeper: world.rank == 0)
    snapshot =
      setting.settings.memory == .copy
      ? Snapshot(files: ownFiles, parameters: content.state.layout.count) : nil
    messages = MessageBuffer(count: WrittenFiles.wordCount * world.size, maximumRequests: 1)
    lastStep = plan.position.step
  }

  /// Adds to the control block of a step what this rank wishes and has done.
  func mark(_ control: inout ControlBlock) {
    if StopSignal.name != nil { control.flags.insert(.stopAsked) }
    if case .minutes(let minutes) = setting.settings.interval, communicator.rank == 0,
      Clock.seconds - lastSeconds > 60 * minutes
    {
      control.flags.insert(.checkpointAsked)
    }
    if writing?.files.result != nil { control.flags.insert(.checkpointWritten) }
  }

  /// Goes on with checkpoints after a step of the run.
  ///
  /// Collective. It waits for the disk only where a checkpoint becomes due before the last one is
  /// written.
  ///
  /// - Parameter controls: The control blocks of all ranks in this step.
  /// - Returns: Whether some rank asks to end the run here.
  func advance(after steps: Int, _ controls: [ControlBlock]) throws -> Bool {
    if writing != nil, controls.allSatisfy({ $0.flags.contains(.checkpointWritten) }) {
      try collect()
    }
    noteName()
    if controls.contains(where: { $0.flags.contains(.stopAsked) }) { return true }
    guard steps < plan.totalSteps, isDue(after: steps, controls) else { return false }
    // The copy's room is free once the last one is on the disk.
    try settleFiles()
    try begin(steps, isKeeper: communicator.rank == 0, mayCopy: true)
    return false
  }

  private func isDue(after steps: Int, _ controls: [ControlBlock]) -> Bool {
    if controls[0].flags.contains(.checkpointAsked) { return true }
    if case .steps(let count) = setting.settings.interval { return steps % count == 0 }
    return false
  }

  /// Writes a last checkpoint, unless this step has one, and waits until it is complete.
  ///
  /// Collective.
  ///
  /// - Parameter keeper: The rank whose parameters count.
  /// - Returns: Whether the checkpoint is complete.
  func complete(_ step: Int, keeper: Int = 0) throws -> Bool {
    try settleFiles()
    try settleName()
    // Only rank 0 knows whether the folder got its name.
    if try gather([lastStep == step && lastSucceeded ? 1 : 0])[0][0] == 0 {
      let isKeeper = communicator.rank == keeper
      try begin(step, isKeeper: isKeeper, mayCopy: false)
      try settleFiles()
      try settleName()
    }
    return try gather([lastSucceeded ? 1 : 0])[0][0] == 1
  }

  /// Waits until the thread beside touches nothing more; what is unfinished stays so.
  func rest() {
    thread.start {}.wait(whileWaiting: patience.whileWaiting)
  }

  /// Waits until all ranks have written their files.
  private func settleFiles() throws {
    guard let writing else { return }
    _ = writing.files.wait(whileWaiting: patience.whileWaiting)
    try collect()
  }

  /// Waits until the checkpoint has its name.
  private func settleName() throws {
    guard let naming else { return }
    _ = naming.failure.wait(whileWaiting: patience.whileWaiting)
    noteName()
  }

  /// Begins a checkpoint.
  ///
  /// Collective where there are running statistics.
  private func begin(_ step: Int, isKeeper: Bool, mayCopy: Bool) throws {
    var checkpoint = Progress(step: step)
    lastSeconds = checkpoint.start
    lastStep = step
    lastSucceeded = true
    try content.statistics?.form()
    let files: Pending<WrittenFiles>
    if mayCopy, let snapshot {
      try snapshot.fill(from: content)
      files = thread.start { [folder = setting.folder, atPhase] in
        snapshot.write(step: step, to: folder, atPhase: atPhase)
      }
    } else {
      files = Pending(try writeNow(step, isKeeper: isKeeper))
    }
    checkpoint.stallSeconds = Clock.seconds - checkpoint.start
    writing = (checkpoint, files)
  }

  /// Writes this rank's files from where the state lies.
  private func writeNow(_ step: Int, isKeeper: Bool) throws -> WrittenFiles {
    let files =
      isKeeper == (communicator.rank == 0) ? ownFiles : try content.files(isKeeper: isKeeper)
    var written = WrittenFiles.write(files, step: step, to: setting.folder, atPhase: atPhase) {
      file, append in
      try content.withData(of: file) { piece in
        // In parts, so that the watchdog hears of a slow disk's progress.
        for first in stride(from: 0, to: piece.byteCount, by: 1 << 26) {
          try append(piece.extracting(first..<min(first + 1 << 26, piece.byteCount)))
          patience.whileWaiting()
        }
      }
    }
    if isKeeper { written.weightHash = content.state.parameters.withSpan(WeightHash.init(of:)) }
    return written
  }

  /// Gathers what all ranks have written; rank 0 then gives the checkpoint its name.
  ///
  /// Collective.
  private func collect() throws {
    guard let (progress, files) = writing, let own = files.result else { return }
    writing = nil
    var checkpoint = progress
    let start = Clock.seconds
    if let failure = own.failure {
      Console.complain(
        "rank \(content.rank) on \(Machine.host): checkpoint of step \(checkpoint.step): \(failure)"
      )
    }
    let rankFile = CheckpointFolder.rankFile(content.rank, of: content.ranks)
    let answers = try gather(own.words(rankFile: rankFile))
    let failed = answers.indices.filter { answers[$0][0] == 0 }
    if !failed.isEmpty {
      lastSucceeded = false
      guard communicator.rank == 0 else { return }
      setting.folder.discardPartial(of: checkpoint.step)
      reporter?.warn(
        "step \(checkpoint.step): no checkpoint: \(named(failed)) could not write its files; the "
          + "checkpoints before are untouched", step: checkpoint.step, ranks: failed)
      return
    }
    guard communicator.rank == 0 else { return }
    try settleName()
    let manifest = manifest(checkpoint.step, answers)
    checkpoint.bytes = manifest.files.values.reduce(0) { $0 + $1.bytes }
    checkpoint.stallSeconds += Clock.seconds - start
    let failure = thread.start { [setting, atPhase] () -> CheckpointError? in
      do throws(CheckpointError) {
        try setting.folder.commit(manifest, keep: setting.settings.keep, atPhase: atPhase)
        return nil
      } catch {
        return error
      }
    }
    naming = (checkpoint, failure)
  }

  private func manifest(_ step: Int, _ answers: [[UInt64]]) -> CheckpointManifest {
    var manifest = setting.template
    let position = plan.position(after: step)
    manifest.step = step
    manifest.epoch = position.place.epoch
    manifest.entriesUsed = position.place.entry
    manifest.scheduleStep = position.scheduleStep
    manifest.scheduleSteps = plan.scheduleSteps
    for (rank, words) in answers.enumerated() {
      let names = [
        CheckpointFolder.rankFile(rank, of: answers.count), CheckpointFolder.weightsFile,
        CheckpointFolder.sharedFile,
      ]
      for (number, name) in names.enumerated() where words[1 + 2 * number] > 0 {
        manifest.files[name] = CheckpointManifest.File(
          FileDigest(bytes: Int(words[1 + 2 * number]), hash: words[2 + 2 * number]))
      }
      if words[3] > 0 { manifest.weightHash = WeightHash(words[7]).description }
    }
    return manifest
  }

  /// Tells the log of a checkpoint that is complete, or why it is not.
  private func noteName() {
    guard let (checkpoint, pending) = naming, let failure = pending.result else { return }
    naming = nil
    if let failure {
      lastSucceeded = false
      setting.folder.discardPartial(of: checkpoint.step)
      reporter?.warn(
        "step \(checkpoint.step): no checkpoint: \(failure)", step: checkpoint.step, ranks: [0])
      return
    }
    reporter?.record(
      CheckpointRecord(
        step: checkpoint.step, path: setting.folder.place(of: checkpoint.step),
        bytes: checkpoint.bytes, stallSeconds: checkpoint.stallSeconds,
        writeSeconds: Clock.seconds - checkpoint.start))
  }

  /// Collects some words of every rank on every rank.
  ///
  /// Collective.
  private func gather(_ words: [UInt64]) throws -> [[UInt64]] {
    let count = WrittenFiles.wordCount
    let first = communicator.rank * count
    messages.withMutableSpan(in: first..<first + count) { own in
      for index in own.indices { own[index] = index < words.count ? words[index] : 0 }
    }
    try messages.startAllGather(countPerRank: count, on: communicator)
    try messages.wait(patience, during: "checkpoint", on: communicator)
    return (0..<communicator.size).map { rank in
      messages.withSpan(in: rank * count..<(rank + 1) * count) { words in
        words.indices.map { words[$0] }
      }
    }
  }
}

/// What all checkpoints of a run have in common.
struct CheckpointSetting: Sendable {
  let settings: CheckpointSettings
  let folder: CheckpointFolder
  /// The right to write there; on rank 0.
  let lock: FolderLock?
  /// The manifest without what a step adds.
  let template: CheckpointManifest
}
