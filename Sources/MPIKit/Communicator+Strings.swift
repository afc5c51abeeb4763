internal import CMPIShim

extension Communicator {
  /// Collects a text of every rank on rank 0.
  ///
  /// - Parameter text: This rank's text.
  /// - Returns: On rank 0 the texts in the order of ranks, elsewhere nothing.
  /// - Throws: `MPIError`; class `.count` on all ranks when the texts are 2 GiB or more together.
  /// - Note: Collective, blocking: for the start and the end of a run. MPI_Gatherv, MPI 3.1, 5.5.
  public func gatherStrings(_ text: String) throws(MPIError) -> [String] {
    let bytes = Array(text.utf8)
    // Known to all, so that all throw when they are too many.
    let counts = try byteCounts(bytes.count)
    let layout = try VariableLayout(counts: counts, limit: chunkLimit, "MPI_Gatherv")
    var all = [UInt8](repeating: 0, count: rank == 0 ? layout.total : 0)
    try unsafe all.withUnsafeMutableBufferPointer { target throws(MPIError) in
      try unsafe check(
        MPI_Gatherv(
          bytes, layout.counts[rank], UInt8.datatype.value, target.baseAddress, layout.counts,
          layout.offsets, UInt8.datatype.value, 0, handle.value),
        "MPI_Gatherv")
    }
    return rank == 0 ? split(all, counts: counts) : []
  }

  /// Collects a text of every rank on every rank.
  ///
  /// - Parameter text: This rank's text.
  /// - Returns: The texts in the order of ranks.
  /// - Throws: `MPIError`; class `.count` on all ranks when the texts are 2 GiB or more together.
  /// - Note: Collective, blocking: for the start and the end of a run. MPI_Allgatherv, MPI 3.1, 5.7.
  public func allGatherStrings(_ text: String) throws(MPIError) -> [String] {
    let bytes = Array(text.utf8)
    let counts = try byteCounts(bytes.count)
    var all = [UInt8](repeating: 0, count: counts.reduce(0, +))
    try allGatherVariable(bytes.span, into: all.mutableSpan, counts: counts)
    return split(all, counts: counts)
  }

  private func byteCounts(_ count: Int) throws(MPIError) -> [Int] {
    var counts = [Int](repeating: 0, count: size)
    try allGather([count].span, into: counts.mutableSpan)
    return counts
  }

  private func split(_ bytes: [UInt8], counts: [Int]) -> [String] {
    var start = 0
    return counts.map { count in
      defer { start += count }
      return String(decoding: bytes[start..<(start + count)], as: UTF8.self)
    }
  }
}
