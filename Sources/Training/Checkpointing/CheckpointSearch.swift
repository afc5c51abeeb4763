import Checkpoints
import Foundation
import MPIKit

/// What a run found in its folder of checkpoints when it started.
struct CheckpointSearch {
  /// The folder, with the token of this job.
  let folder: CheckpointFolder
  /// The checkpoint that the run goes on from; nil for a fresh start.
  let manifest: CheckpointManifest?
  /// What was found wrong, one line each; on rank 0.
  let warnings: [String]
  /// The checkpoints that this run takes out of the way, and why; on rank 0.
  private let leftovers: [(step: Int, reason: CheckpointFolder.Reason)]
  /// The right to write into the folder, as long as it is kept; on rank 0.
  let lock: FolderLock?

  /// Seconds to wait for a job that is about to end.
  private static let lockPatienceSeconds = 10.0

  /// Looks for the checkpoint to go on from, and checks every byte of it.
  ///
  /// The ranks divide the files among them. Nothing is changed but what was left unfinished.
  ///
  /// Collective.
  ///
  /// - Returns: nil after an error that rank 0 has printed.
  static func run(
    _ settings: CheckpointSettings, on world: borrowing Communicator
  ) throws -> CheckpointSearch? {
    var lock: FolderLock?
    var steps: [Int] = []
    var failure: (any Error)?
    let ownToken = "\(Int(Date().timeIntervalSince1970 * 1000))-\(getpid())"
    let place = CheckpointFolder(path: settings.folder, token: ownToken)
    if world.rank == 0 {
      do {
        try place.make()
        lock = try FolderLock(
          folder: settings.folder, holder: Machine.identity,
          patienceSeconds: lockPatienceSeconds)
        try place.removePartial()
        steps = try candidates(of: settings, in: place)
      } catch {
        failure = error
      }
    }
    guard try Agreement.isReady(failure, on: world) else { return nil }
    var warnings: [String] = []
    if let lock, !lock.isEffective {
      warnings.append(
        "\(settings.folder): its file system has no locks; nothing keeps another run from writing "
          + "there")
    }
    let text = try world.allGatherStrings(
      world.rank == 0 ? "\(ownToken) \(steps.map(String.init).joined(separator: " "))" : "")[0]
    let words = text.split(separator: " ")
    let folder = CheckpointFolder(path: settings.folder, token: String(words[0]))
    let isVisible = access(folder.path, W_OK | X_OK) == 0
    let missing = OptionError(
      "--checkpoint \(folder.path): cannot be written from \(Machine.host); it must be a folder "
        + "that all nodes share")
    guard try Agreement.isReady(isVisible ? nil : missing, on: world) else { return nil }

    let (found, damaged) = try firstSound(
      of: words.dropFirst().compactMap { Int($0) }, folder, world)
    for (step, problem) in damaged {
      warnings.append("the checkpoint of step \(step) is not used: \(problem)")
    }
    if found == nil, !damaged.isEmpty {
      for line in warnings where world.rank == 0 { Console.complain(line) }
      let error = OptionError(
        "\(folder.path): no checkpoint can be used; mend one, or move them away to start anew")
      _ = try Agreement.isReady(error, on: world)
      return nil
    }
    var leftovers = damaged.map { (step: $0.step, reason: CheckpointFolder.Reason.damaged) }
    if case .step(let step) = settings.resume, world.rank == 0 {
      leftovers += try folder.steps().filter { $0 > step }.map { ($0, .superseded) }
    }
    return CheckpointSearch(
      folder: folder, manifest: found, warnings: world.rank == 0 ? warnings : [],
      leftovers: world.rank == 0 ? leftovers : [], lock: lock)
  }

  /// The steps to try, in this order.
  private static func candidates(
    of settings: CheckpointSettings, in folder: CheckpointFolder
  ) throws(CheckpointError) -> [Int] {
    let steps = try folder.steps()
    switch settings.resume {
    case .auto: return steps
    case .never:
      if let newest = steps.first {
        throw CheckpointError(file: folder.path, .holdsCheckpoints(newest: newest))
      }
      return []
    case .step(let step):
      guard steps.contains(step) else {
        throw CheckpointError(file: folder.path, .noSuchStep(step: step, found: steps))
      }
      return [step]
    }
  }

  /// The first checkpoint without damage, and what is wrong with those before it.
  ///
  /// Collective.
  private static func firstSound(
    of steps: [Int], _ folder: CheckpointFolder, _ world: borrowing Communicator
  ) throws -> (CheckpointManifest?, damaged: [(step: Int, problem: String)]) {
    var damaged: [(step: Int, problem: String)] = []
    for step in steps {
      var problem = ""
      var text = ""
      if world.rank == 0 {
        do {
          text = try folder.manifest(of: step).text
        } catch {
          problem = "\(error)"
        }
      }
      text = try world.allGatherStrings(text)[0]
      var manifest: CheckpointManifest?
      if !text.isEmpty {
        do throws(CheckpointError) {
          let found = try CheckpointManifest(text: text, path: folder.place(of: step))
          try folder.check(found, share: world.rank, of: world.size)
          manifest = found
        } catch {
          problem = "\(error)"
        }
      }
      let problems = try world.allGatherStrings(problem)
      guard let first = problems.first(where: { !$0.isEmpty }) else { return (manifest, damaged) }
      damaged.append((step, first))
    }
    return (nil, damaged)
  }

  /// Takes checkpoints out of the way that this run does not go on from; on rank 0.
  func setLeftoversAside() throws(CheckpointError) {
    for leftover in leftovers { try folder.setAside(leftover.step, as: leftover.reason) }
  }
}

extension Machine {
  /// One line that says which process this is.
  static var identity: String {
    let job = ProcessInfo.processInfo.environment["SLURM_JOB_ID"].map { ", Slurm job \($0)" } ?? ""
    return "process \(getpid()) on \(host)\(job)"
  }
}
