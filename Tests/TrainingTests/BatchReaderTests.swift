import AlignedBuffers
import Datasets
import Foundation
import Objectives
import Testing

@testable import Training

@Suite("Batches loaded ahead")
struct BatchReaderTests {
  /// In order, as a run asks for them, and out of order: draws again, left out, and parts again.
  @Test(arguments: [1, 3])
  func batches_areThoseOfTheSource(parts: Int) throws {
    let setting = try Setting(parts: parts)
    let reader = BatchReader(
      plan: setting.plan, electorate: setting.electorate, workload: setting.workload)
    var source = BatchSource(
      plan: setting.plan, electorate: setting.electorate, workload: setting.workload)
    var expected = setting.workload.makeBatch(capacity: source.capacity)
    for draw in [0, 1, 2, 3, 2, 2, 7, 8, 20, 21, 22] {
      reader.read(BatchRequest(voter: 0, draw: draw))
      source.take(voter: 0, draw: draw)
      #expect(reader.drawCount == source.count && reader.parts.parts == parts)
      for part in Array(0..<parts) + [0] {
        reader.read(part: part)
        source.load(&expected, reader.parts[part], part: part, from: setting.workload)
        let known = expected.features.span
        reader.withBatch { batch in
          #expect(batch.count == reader.parts[part].count && batch.noise == expected.noise)
          let isSame = (0..<batch.count * batch.width).allSatisfy {
            batch.features[$0] == known[$0]
          }
          #expect(isSame, "draw \(draw), part \(part)")
        }
      }
    }
  }

  /// Bytes, in batches that take long enough to be loaded by the thread.
  private struct Setting {
    let plan: RunPlan
    let electorate = Electorate(ranks: 1, rank: 0)
    let workload: Workload

    init(parts: Int) throws {
      let file = FileManager.default.temporaryDirectory.appending(
        component: "batches-\(UUID().uuidString).txt")
      defer { try? FileManager.default.removeItem(at: file) }
      let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* $0 / 7) }
      try Data(bytes).write(to: file)
      var options = TrainingOptions()
      options.data = "text:\(file.path)"
      options.model = .gpt
      options.gpt.width = 4
      options.gpt.heads = 1
      options.gpt.layers = 1
      options.batch = .perRank(3_000 / parts)
      options.accumulate = parts
      workload = try Workload(options, ranks: 1, localRanks: 1, threads: 1)
      plan = try RunPlan(options, ranks: 1, trainingSamples: workload.trainingCount)
    }
  }
}
