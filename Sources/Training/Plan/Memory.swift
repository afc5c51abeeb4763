import Foundation
import Voting

/// The memory that a run needs, checked before any of it is asked for.
struct Memory {
  /// Bytes per parameter of a rank.
  ///
  /// What the vote adds is below one byte for signs, 12 for the fp32 mean, and three quarters of a byte
  /// for each rank with the route `gather`.
  let bytesPerParameter: Int
  /// The ranks that share a node.
  let localRanks: Int

  init(bytesPerParameter: Int, localRanks: Int) {
    self.bytesPerParameter = bytesPerParameter
    self.localRanks = localRanks
  }

  /// The memory of a training run.
  init(_ options: TrainingOptions, ranks: Int, localRanks: Int) {
    let voters = options.cohort?.clients ?? ranks
    let state = options.algorithm.bytesPerParameter(hostedVoters: (voters + ranks - 1) / ranks)
    var bytes = state
    // The copy has the parameters and the rest of the state, not the gradient.
    if options.checkpointSettings?.memory == .copy { bytes = Self.sum(bytes, state - 4) }
    // Room for the ballots of all ranks, plain and coded, and for what the codes refer to.
    if options.route == .gather { bytes = Self.sum(bytes, Self.product(ranks, 3) / 4) }
    if options.algorithm.exchange == .mean {
      bytes = Self.sum(bytes, options.cohort == nil ? 12 : 16)
    }
    if options.accumulate > 1 { bytes = Self.sum(bytes, 4) }
    if let cohort = options.cohort, cohort.localSteps > 1 { bytes = Self.sum(bytes, 8) }
    self.init(bytesPerParameter: bytes, localRanks: localRanks)
  }

  /// Checks that the arrays of the ranks of a node fit its memory.
  ///
  /// - Parameter bytesBeside: Bytes of a rank that do not grow with the parameters, such as those of
  ///   activations.
  /// - Throws: `OptionError` with what is needed and what there is.
  func check(parameters: Int, bytesBeside: Int = 0) throws(OptionError) {
    let needed = Self.product(
      localRanks,
      Self.sum(Self.product(bytesPerParameter, parameters), bytesBeside))
    let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    guard needed <= physical else {
      throw OptionError(
        "the model needs \(Self.gibibytes(needed)) for \(localRanks) rank(s) of a node that has "
          + "\(Self.gibibytes(physical)); choose "
          + "smaller widths, a smaller batch or fewer clients")
    }
  }

  /// A product that stays at the largest number where it would overflow.
  static func product(_ a: Int, _ b: Int) -> Int {
    let (value, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? .max : value
  }

  /// A sum that stays at the largest number where it would overflow.
  static func sum(_ a: Int, _ b: Int) -> Int {
    let (value, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : value
  }

  private static func gibibytes(_ bytes: Int) -> String {
    bytes == .max ? "more than 2^63 bytes" : String(format: "%.1f GiB", Double(bytes) / 0x1p30)
  }
}
