import AlignedBuffers
import Checkpoints
import Foundation
package import MPIKit

/// Agreement of all ranks before the first step, so that errors of starting end all ranks alike.
package enum Agreement {
  /// Whether all ranks got ready; rank 0 prints each distinct error once, with its ranks.
  ///
  /// Collective.
  ///
  /// - Parameter failure: What went wrong on this rank, or nil.
  package static func isReady(_ failure: (any Error)?, on world: borrowing Communicator)
    throws(MPIError)
    -> Bool
  {
    let texts = try world.allGatherStrings(failure.map { "\($0)" } ?? "")
    guard texts.contains(where: { !$0.isEmpty }) else { return true }
    guard world.rank == 0 else { return false }
    var seen: [String] = []
    for text in texts where !text.isEmpty && !seen.contains(text) {
      seen.append(text)
      let ranks = texts.indices.filter { texts[$0] == text }
      let who = ranks.count == texts.count ? "" : " (\(named(ranks)))"
      Console.complain(text + who)
    }
    return false
  }

  /// Checks that all ranks hold the same text: options, shapes of data, size of the model.
  ///
  /// Collective.
  ///
  /// - Returns: An error naming the ranks that differ from rank 0, or nil.
  package static func difference(in text: String, on world: borrowing Communicator) throws(MPIError)
    -> OptionError?
  {
    let texts = try world.allGatherStrings(text)
    let differing = texts.indices.filter { texts[$0] != texts[0] }
    guard let first = differing.first else { return nil }
    let pairs = zip(texts[0].split(separator: "\n"), texts[first].split(separator: "\n"))
    let facts = pairs.first { $0 != $1 }.map { "'\($0)' against '\($1)' on rank \(first)" }
    return OptionError(
      "\(named(differing)) differ from rank 0 (\(facts ?? "other options")); all ranks need the "
        + "same options and data")
  }

  /// Checks that the final parameters of all ranks have the same hash.
  ///
  /// Collective.
  ///
  /// - Throws: `TrainingError.replicasDiffer`, on all ranks.
  static func checkReplicas(
    _ hash: WeightHash, steps: Int, on world: borrowing Communicator
  ) throws {
    var hashes = AlignedBuffer<UInt64>(repeating: 0, count: world.size)
    try world.allGather([hash.value].span, into: hashes.mutableSpan)
    let differing = StepGuard.outvoted((0..<world.size).map { hashes[$0] })
    if !differing.isEmpty { throw TrainingError.replicasDiffer(step: steps, ranks: differing) }
  }
}
