import Foundation
import TestSupport
import Testing

@testable import Checkpoints

/// Checkpoints that a disk, a person or an enemy has damaged.
@Suite("Damaged checkpoints")
struct DamagedCheckpointTests {
  /// What is done to a checkpoint.
  enum Damage: CaseIterable {
    case truncated, bitFlipped, longer, removed, emptied, isFolder, isLink
    case manifestTruncated, manifestFlipped, manifestRemoved, manifestOfOtherStep
    case headerTooLong, hole, overlap, foreignRanks, otherTensor
  }

  /// Damages step 1 at a place that the dice choose.
  ///
  /// - Returns: The file that was damaged.
  private func inflict(_ damage: Damage, on sample: SampleCheckpoint, _ dice: inout Dice) throws
    -> String
  {
    let folder = sample.folder.place(of: 1)
    let manifest = "\(folder)/manifest.json"
    let names = SampleCheckpoint.files
    let path = "\(folder)/\(names[dice.roll(names.count)])"
    let files = FileManager.default
    func edit(_ path: String, _ change: (inout Data) -> Void) throws {
      var data = try Data(contentsOf: URL(fileURLWithPath: path))
      change(&data)
      try data.write(to: URL(fileURLWithPath: path))
    }
    func flip(_ data: inout Data) {
      let place = dice.roll(data.count)
      data[place] ^= 1 << UInt8(dice.roll(8))
    }
    switch damage {
    case .truncated: try edit(path) { $0 = $0.prefix(dice.roll($0.count)) }
    case .bitFlipped: try edit(path) { flip(&$0) }
    case .longer:
      try edit(path) { $0.append(contentsOf: [UInt8](repeating: 0, count: 1 + dice.roll(99))) }
    case .removed: try files.removeItem(atPath: path)
    case .emptied: try edit(path) { $0 = Data() }
    case .isFolder:
      try files.removeItem(atPath: path)
      try files.createDirectory(atPath: path, withIntermediateDirectories: false)
    case .isLink:
      try files.removeItem(atPath: path)
      try files.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
    case .manifestTruncated: try edit(manifest) { $0 = $0.prefix(dice.roll($0.count)) }
    case .manifestFlipped: try edit(manifest) { flip(&$0) }
    case .manifestRemoved: try files.removeItem(atPath: manifest)
    case .manifestOfOtherStep:
      try files.removeItem(atPath: manifest)
      try files.copyItem(atPath: sample.folder.place(of: 2) + "/manifest.json", toPath: manifest)
    default: try seal(path, damage, sample, &dice)
    }
    return path
  }

  /// Writes a file that is wrong in itself, with a manifest that has its hash.
  private func seal(
    _ path: String, _ damage: Damage, _ sample: SampleCheckpoint, _ dice: inout Dice
  ) throws {
    let url = URL(fileURLWithPath: path)
    var data = try Data(contentsOf: url)
    func header(_ old: String, _ new: String) throws {
      let range = try #require(data.range(of: Data(old.utf8)))
      #expect(old.utf8.count == new.utf8.count)
      data.replaceSubrange(range, with: Data(new.utf8))
    }
    switch damage {
    case .headerTooLong:
      let length = UInt64(data.count + dice.roll(1 << 40)).littleEndian
      data.replaceSubrange(0..<8, with: withUnsafeBytes(of: length) { Data($0) })
    case .hole: try header("[60,92]", "[64,96]")
    case .overlap: try header("[60,92]", "[56,88]")
    case .otherTensor: try header("\"draws\"", "\"drawz\"")
    default: break
    }
    try data.write(to: url)
    var manifest = try sample.folder.manifest(of: 1).manifest
    manifest.files[url.lastPathComponent] = .init(try FileDigest(ofFile: path))
    if damage == .foreignRanks {
      manifest.ranks = 4 + dice.roll(5)
      manifest.threads = Array(repeating: 1, count: manifest.ranks)
    }
    let place = sample.folder.place(of: 1) + "/manifest.json"
    try FileManager.default.removeItem(atPath: place)
    try manifest.write(into: sample.folder.place(of: 1))
  }

  /// 512 checkpoints, 32 of each damage.
  @Test(arguments: Damage.allCases)
  func damaged_isRefusedByName(damage: Damage) throws {
    for seed in 0..<32 {
      var dice = Dice(seed: seed)
      let sample = try SampleCheckpoint()
      defer { sample.remove() }
      try sample.write(1)
      try sample.write(2)
      #expect(sample.problem(of: 1) == nil)
      let file = try inflict(damage, on: sample, &dice)
      let problem = sample.problem(of: 1)
      let text = try #require(problem?.description, "\(damage) of \(file), seed \(seed)")
      #expect(text.hasPrefix(sample.folder.place(of: 1)) && !text.contains("\n"))
      if !"\(damage)".hasPrefix("manifest"), damage != .foreignRanks {
        #expect(problem?.file == file, "\(damage): \(text)")
      }
      #expect(sample.problem(of: 2) == nil)
    }
  }
}
