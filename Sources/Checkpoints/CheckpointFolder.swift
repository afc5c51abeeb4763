internal import Foundation

/// The folder of a run's checkpoints (`--checkpoint DIR`).
///
/// A checkpoint is a folder `step-NNNNNNNN` with `weights.safetensors`, a file
/// `rank-RRRRR-of-NNNNN.safetensors` of each rank, `shared.safetensors` where the algorithm keeps
/// more that is the same on all ranks, and `manifest.json`. It is written as
/// `step-NNNNNNNN.partial-TOKEN` with a token of the job, forced to the disk, and then renamed: what
/// has the name is complete. Checkpoints that were found damaged are set aside as
/// `step-NNNNNNNN.damaged`, those later than a step that was asked for as
/// `step-NNNNNNNN.superseded`.
///
/// Nothing here is collective: rank 0 calls whatever changes names.
public struct CheckpointFolder: Sendable {
  /// The file of the parameters.
  public static let weightsFile = "weights.safetensors"
  /// The file of further state that is the same on all ranks.
  public static let sharedFile = "shared.safetensors"
  private static let prefix = "step-"

  /// The folder.
  public let path: String
  /// What tells the unfinished checkpoints of this job from those of another one.
  public let token: String

  /// A folder, which need not exist.
  public init(path: String, token: String) {
    self.path = path
    self.token = token
  }

  /// The file of a rank.
  public static func rankFile(_ rank: Int, of ranks: Int) -> String {
    "rank-\(digits(rank, 5))-of-\(digits(ranks, 5)).safetensors"
  }

  /// The folder of a complete checkpoint.
  public func place(of step: Int) -> String { "\(path)/\(Self.prefix)\(digits(step, 8))" }

  /// The folder of a checkpoint that is being written.
  public func partialPlace(of step: Int) -> String { "\(place(of: step)).partial-\(token)" }

  /// The steps of the complete checkpoints, the newest first.
  ///
  /// - Throws: `CheckpointError` when the folder cannot be read.
  public func steps() throws(CheckpointError) -> [Int] {
    try names().compactMap(Self.step(ofName:)).sorted(by: >)
  }

  private static func step(ofName name: String) -> Int? {
    guard name.hasPrefix(prefix), let step = Int(name.dropFirst(prefix.count)), step >= 0,
      name == prefix + digits(step, 8)
    else { return nil }
    return step
  }

  private func names() throws(CheckpointError) -> [String] {
    guard let folder = opendir(path) else {
      throw CheckpointError(file: path, .unreadable(reason: SystemFailure().reason))
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      names.append(
        withUnsafeBytes(of: entry.pointee.d_name) { name in
          String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names
  }
}

extension CheckpointFolder {
  /// Makes the folder where there is none; its parent must exist.
  ///
  /// - Throws: `CheckpointError` when the system refuses, or does not let us write there.
  public func make() throws(CheckpointError) {
    if mkdir(path, 0o777) != 0, errno != EEXIST { throw SystemFailure().error(path) }
    guard access(path, W_OK | X_OK) == 0 else { throw SystemFailure().error(path) }
  }

  /// Removes what jobs that were ended left unfinished.
  ///
  /// - Precondition: The caller holds the lock.
  public func removePartial() throws(CheckpointError) {
    for name in try names() where name.hasPrefix(Self.prefix) && name.contains(".partial-") {
      try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }
  }

  /// Makes the folder of a checkpoint to be written; other ranks may have done so.
  public func makePartial(of step: Int) throws(CheckpointError) {
    let place = partialPlace(of: step)
    if mkdir(place, 0o777) != 0, errno != EEXIST { throw SystemFailure().error(place) }
  }

  /// Removes a checkpoint that was not finished.
  public func discardPartial(of step: Int) {
    try? FileManager.default.removeItem(atPath: partialPlace(of: step))
  }

  /// Makes a checkpoint count: writes its manifest, forces it to the disk, gives it its name, and
  /// removes all but the newest.
  ///
  /// - Parameters:
  ///   - manifest: Names all files, which are on the disk.
  ///   - keep: The number of complete checkpoints that stay.
  ///   - atPhase: Called before each phase.
  /// - Throws: `CheckpointError` when the system refuses; then what was complete before still is.
  public func commit(
    _ manifest: CheckpointManifest, keep: Int, atPhase: (CheckpointPhase) -> Void = { _ in }
  ) throws(CheckpointError) {
    let partial = partialPlace(of: manifest.step)
    let place = place(of: manifest.step)
    atPhase(.manifest)
    try manifest.write(into: partial)
    do throws(SystemFailure) {
      try Descriptor.synchronize(folder: partial)
      atPhase(.rename)
      guard rename(partial, place) == 0 else { throw SystemFailure() }
      try Descriptor.synchronize(folder: path)
    } catch {
      throw error.error(place)
    }
    atPhase(.remove)
    for step in try steps().dropFirst(max(keep, 1)) { remove(step) }
  }

  /// Removes a checkpoint; first it loses its name.
  private func remove(_ step: Int) {
    guard rename(place(of: step), partialPlace(of: step)) == 0 else { return }
    discardPartial(of: step)
  }

  /// Why a checkpoint is taken out of the way.
  public enum Reason: String, Sendable {
    /// Its files are not what its manifest says.
    case damaged
    /// The run goes on from an earlier one.
    case superseded
  }

  /// Takes a checkpoint out of the way, without losing it.
  public func setAside(_ step: Int, as reason: Reason) throws(CheckpointError) {
    let target = "\(place(of: step)).\(reason.rawValue)"
    try? FileManager.default.removeItem(atPath: target)
    guard rename(place(of: step), target) == 0 else {
      throw SystemFailure().error(place(of: step))
    }
  }

  /// The text of the manifest of a step, checked to be of this step.
  ///
  /// - Throws: `CheckpointError` when it is missing or damaged.
  public func manifest(of step: Int) throws(CheckpointError) -> (
    manifest: CheckpointManifest, text: String
  ) {
    let place = place(of: step)
    let text = try CheckpointManifest.readText(in: place)
    let manifest = try CheckpointManifest(text: text, path: "\(place)/manifest.json")
    guard manifest.step == step else {
      throw CheckpointError(
        file: place, .notAManifest(found: "the manifest of step \(manifest.step)"))
    }
    return (manifest, text)
  }

  /// Checks some of the files of a checkpoint against its manifest.
  ///
  /// - Parameters:
  ///   - manifest: The checkpoint's.
  ///   - share: Which ones: those whose number in the order of their names is this one, modulo...
  ///   - shares: ...this one. So ranks divide the work.
  /// - Throws: `CheckpointError` naming the first file that differs.
  /// - Complexity: reads the files once; local.
  public func check(
    _ manifest: CheckpointManifest, share: Int, of shares: Int
  ) throws(CheckpointError) {
    for (number, name) in manifest.files.keys.sorted().enumerated()
    where number % shares == share {
      try manifest.files[name]?.digest?.check(file: "\(place(of: manifest.step))/\(name)")
    }
  }
}

/// A number with leading zeros, at least so many digits.
private func digits(_ number: Int, _ count: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(count - text.count, 0)) + text
}
