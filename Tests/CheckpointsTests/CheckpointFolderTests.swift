import Foundation
import Testing

@testable import Checkpoints

@Suite("Folders of checkpoints")
struct CheckpointFolderTests {
  @Test func commit_namesAndListsTheNewestFirst() throws {
    let sample = try SampleCheckpoint()
    defer { sample.remove() }
    for step in [20, 3, 100] { try sample.write(step) }
    #expect(try sample.folder.steps() == [100, 20, 3])
    #expect(sample.problem(of: 20) == nil)
    #expect(sample.folder.place(of: 3).hasSuffix("/step-00000003"))
  }

  @Test func commit_keepsTheNewest() throws {
    let sample = try SampleCheckpoint()
    defer { sample.remove() }
    for step in 1...5 { try sample.write(step, keep: 2) }
    #expect(try sample.folder.steps() == [5, 4])
    let names = try FileManager.default.contentsOfDirectory(atPath: sample.folder.path)
    #expect(names.sorted() == ["step-00000004", "step-00000005"])
  }

  @Test func unfinished_neverCounts() throws {
    let sample = try SampleCheckpoint()
    defer { sample.remove() }
    try sample.write(1)
    try sample.folder.makePartial(of: 2)
    let others = ["step-2", "step-00000003x", "step--0000001", "lock", "step-00000009.damaged"]
    for name in others {
      try FileManager.default.createDirectory(
        atPath: "\(sample.folder.path)/\(name)", withIntermediateDirectories: false)
    }
    #expect(try sample.folder.steps() == [1])
    try sample.folder.removePartial()
    let names = try FileManager.default.contentsOfDirectory(atPath: sample.folder.path)
    #expect(Set(names) == Set(others + ["step-00000001"]))
  }

  @Test func commit_ofAStepThatIsThere_losesNothing() throws {
    let sample = try SampleCheckpoint()
    defer { sample.remove() }
    try sample.write(4)
    #expect(throws: CheckpointError.self) { try sample.write(4) }
    sample.folder.discardPartial(of: 4)
    #expect(sample.problem(of: 4) == nil)
    try sample.folder.setAside(4, as: .superseded)
    #expect(try sample.folder.steps().isEmpty)
    try sample.write(4)
    #expect(sample.problem(of: 4) == nil)
  }

  @Test func phases_comeInOrder() throws {
    let sample = try SampleCheckpoint()
    defer { sample.remove() }
    try sample.write(1)
    var manifest = try sample.folder.manifest(of: 1).manifest
    manifest.step = 2
    try FileManager.default.copyItem(
      atPath: sample.folder.place(of: 1), toPath: sample.folder.partialPlace(of: 2))
    try FileManager.default.removeItem(
      atPath: sample.folder.partialPlace(of: 2) + "/manifest.json")
    var phases: [CheckpointPhase] = []
    try sample.folder.commit(manifest, keep: 1) { phase in
      phases.append(phase)
      #expect((try? sample.folder.steps().first) == (phase == .remove ? 2 : 1))
    }
    #expect(phases == [.manifest, .rename, .remove])
  }

  @Test func manifest_readsWhatItWrote() throws {
    var manifest = SampleCheckpoint.manifest(12)
    manifest.epoch = 3
    manifest.entriesUsed = 17
    for name in SampleCheckpoint.files {
      manifest.files[name] = .init(FileDigest(bytes: 1 << 40, hash: .max))
    }
    #expect(try CheckpointManifest(text: manifest.text, path: "m") == manifest)
  }

  @Test func manifest_anyByteChanged_isRefused() throws {
    var manifest = SampleCheckpoint.manifest(12)
    for name in SampleCheckpoint.files {
      manifest.files[name] = .init(FileDigest(bytes: 5, hash: 9))
    }
    let bytes = Array(manifest.text.utf8)
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 1 << UInt8(place % 7)
      let text = String(decoding: damaged, as: UTF8.self)
      #expect(throws: CheckpointError.self, "byte \(place)") {
        _ = try CheckpointManifest(text: text, path: "m")
      }
    }
  }

  @Test(arguments: [
    "\"ranks\" : 3|\"ranks\" : 4", "\"ranks\" : 3|\"ranks\" : 4611686018427387904",
    "\"ranks\" : 3|\"ranks\" : 0", "\"step\" : 12|\"step\" : -1",
    "\"step\" : 12|\"step\" : 99999999999999999999", "\"version\" : 1|\"version\" : 2",
    "weights.safetensors|../../etc/passwd", "\"bytes\" : 5|\"bytes\" : -5",
  ])
  func manifest_sealedButSenseless_isRefused(change: String) throws {
    var manifest = SampleCheckpoint.manifest(12)
    for name in SampleCheckpoint.files {
      manifest.files[name] = .init(FileDigest(bytes: 5, hash: 9))
    }
    let parts = change.split(separator: "|").map(String.init)
    let text = manifest.text
    let seal = try #require(text.range(of: "\n  ,\"xxh3\" : \"", options: .backwards))
    let body = text[..<seal.lowerBound].replacingOccurrences(of: parts[0], with: parts[1])
    #expect(body != text[..<seal.lowerBound])
    let hash = FileDigest(of: Array(body.utf8)).hashText
    let error = #expect(throws: CheckpointError.self) {
      _ = try CheckpointManifest(
        text: body + "\n  ,\"xxh3\" : \"\(hash)\"\n}\n", path: "m")
    }
    #expect(error?.description.contains("\n") == false)
  }

  @Test func lock_isForOneAtATime() throws {
    let sample = try SampleCheckpoint()
    defer { sample.remove() }
    let first = try FolderLock(folder: sample.folder.path, holder: "one", patienceSeconds: 0)
    #expect(first.isEffective)
    let error = #expect(throws: CheckpointError.self) {
      _ = try FolderLock(folder: sample.folder.path, holder: "two", patienceSeconds: 0.1)
    }
    #expect(error?.defect == .locked(holder: "one"))
    _ = consume first
    _ = try FolderLock(folder: sample.folder.path, holder: "three", patienceSeconds: 0)
  }

  @Test func make_namesWhatIsInTheWay() throws {
    let sample = try SampleCheckpoint()
    defer { sample.remove() }
    let file = sample.folder.path + "/file"
    try Data().write(to: URL(fileURLWithPath: file))
    for path in [file, file + "/below", sample.folder.path + "/a/b"] {
      let error = #expect(throws: CheckpointError.self) {
        let folder = CheckpointFolder(path: path, token: "t")
        try folder.make()
        _ = try folder.steps()
      }
      #expect(error?.file == path)
    }
  }
}
