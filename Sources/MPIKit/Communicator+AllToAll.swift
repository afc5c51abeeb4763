internal import CMPIShim

extension Communicator {
  /// Sends one part to each rank and receives one from each.
  ///
  /// - Parameters:
  ///   - elements: `size` parts of the same length, part r for rank r; the same count on all ranks.
  ///   - result: As many elements, part r from rank r.
  /// - Throws: `MPIError`; class `.count` on all ranks when a part has more than 2^31 − 1 elements.
  /// - Precondition: Both have the same count, a multiple of `size`. Traps otherwise.
  /// - Note: Collective, blocking: for the start and the end of a run. MPI_Alltoall, MPI 3.1, 5.8.
  public func allToAll<T: MPIScalar>(
    _ elements: Span<T>, into result: consuming MutableSpan<T>
  ) throws(MPIError) {
    precondition(
      elements.count == result.count && elements.count % size == 0,
      "one part of the same size a rank")
    let count = try checkedCount(elements.count / size, limit: chunkLimit, "MPI_Alltoall")
    try unsafe elements.withUnsafeBufferPointer { source throws(MPIError) in
      try unsafe result.withUnsafeMutableBufferPointer { target throws(MPIError) in
        try unsafe check(
          MPI_Alltoall(
            source.baseAddress, count, T.datatype.value, target.baseAddress, count,
            T.datatype.value, handle.value),
          "MPI_Alltoall")
      }
    }
  }

  /// Sends a part of any length to each rank and receives one from each.
  ///
  /// - Parameters:
  ///   - elements: The parts for the ranks, one behind the other in the order of ranks.
  ///   - sendCounts: The length of each part sent.
  ///   - result: Where the parts of the ranks go, one behind the other in the order of ranks.
  ///   - receiveCounts: The length of each part received: what that rank sends to this one.
  /// - Throws: `MPIError`; class `.count` when this rank sends or receives more than 2^31 − 1
  ///   elements, and then on this rank alone.
  /// - Precondition: One count a rank in both lists, and the buffers hold exactly these. Traps
  ///   otherwise.
  /// - Note: Collective, blocking: for the start and the end of a run. MPI_Alltoallv, MPI 3.1, 5.8.
  public func allToAllVariable<T: MPIScalar>(
    _ elements: Span<T>, sendCounts: [Int], into result: consuming MutableSpan<T>,
    receiveCounts: [Int]
  ) throws(MPIError) {
    precondition(sendCounts.count == size && receiveCounts.count == size, "one count a rank")
    let sent = try VariableLayout(counts: sendCounts, limit: chunkLimit, "MPI_Alltoallv")
    let received = try VariableLayout(counts: receiveCounts, limit: chunkLimit, "MPI_Alltoallv")
    precondition(
      elements.count == sent.total && result.count == received.total,
      "the buffers hold as many elements as the counts say")
    try unsafe elements.withUnsafeBufferPointer { source throws(MPIError) in
      try unsafe result.withUnsafeMutableBufferPointer { target throws(MPIError) in
        try unsafe check(
          MPI_Alltoallv(
            source.baseAddress, sent.counts, sent.offsets, T.datatype.value, target.baseAddress,
            received.counts, received.offsets, T.datatype.value, handle.value),
          "MPI_Alltoallv")
      }
    }
  }
}
