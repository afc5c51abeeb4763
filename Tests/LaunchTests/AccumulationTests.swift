import Foundation
import Testing

extension LaunchTests {
  /// `--accumulate`: a step's samples in parts.
  @Suite struct Accumulation {
    private func losses(_ changes: [String: String?]) async throws -> [Double] {
      let flags = ["algorithm": "sgd", "lr": "0.1", "log-every": "1"].merging(changes) { $1 }
      let run = try await TrainRun.run(ranks: 2, flags)
      try #require(run.outcome.succeeded, "\(run.outcome)")
      return try run.records("step").map { try $0.number("loss") }
    }

    /// The same samples and, but for rounding, the same gradients; the last step of an epoch has 12 of
    /// 16 samples a rank.
    @Test(arguments: [("8", "2"), ("4", "4"), ("2", "8")])
    func parts_areTheWholeBatch(batch: String, accumulate: String) async throws {
      let whole = try await losses(["batch": "16"])
      let parts = try await losses(["batch": batch, "accumulate": accumulate])
      let one = try await losses(["batch": batch])
      #expect(whole.count == 40 && parts.count == 40)
      #expect(zip(whole, parts).allSatisfy { abs($0 - $1) < 1e-4 })
      #expect(zip(one, parts).contains { abs($0 - $1) > 1e-2 })
    }

    @Test func fullBatch_isDividedToo() async throws {
      let whole = try await losses(["batch": "full"])
      let parts = try await losses(["batch": "full", "accumulate": "7"])
      #expect(zip(whole, parts).allSatisfy { abs($0 - $1) < 1e-4 } && whole[39] < whole[0] / 2)
    }

    /// The vote goes on while the last part is computed, with the bits of one that waits.
    @Test func earlyVote_hasTheSameBits() async throws {
      let flags = ["hidden": "4096,64", "batch": "5", "accumulate": "3", "steps": "6"]
      let waiting = try await TrainRun.run(ranks: 3, flags.merging(["vote": "gather"]) { $1 })
      let early = try await TrainRun.run(
        ranks: 3, flags.merging(["vote": "exchange", "log-every": "1"]) { $1 })
      #expect(try early.weightHash() == waiting.weightHash())
      let overlapped = try early.records("step").map { try $0.number("bytesOverlappedPerRank") }
      #expect(overlapped.contains { $0 > 0 }, "\(overlapped)")
    }
  }
}
