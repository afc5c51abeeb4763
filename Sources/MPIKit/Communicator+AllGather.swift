internal import CMPIShim

extension Communicator {
  /// Collects the elements of all ranks, in the order of ranks, on every rank.
  ///
  /// - Parameters:
  ///   - elements: This rank's elements; the same count on all ranks.
  ///   - result: Where all go, `size` times as many.
  /// - Throws: `MPIError`; class `.count` on all ranks when a rank has more than 2^31 − 1 elements.
  /// - Precondition: `result` has `size` times the elements. Traps otherwise.
  /// - Note: Collective, blocking: for the start and the end of a run. MPI_Allgather, MPI 3.1, 5.7.
  public func allGather<T: MPIScalar>(
    _ elements: Span<T>, into result: consuming MutableSpan<T>
  ) throws(MPIError) {
    precondition(result.count == elements.count * size, "the result holds the parts of all ranks")
    let count = try checkedCount(elements.count, limit: chunkLimit, "MPI_Allgather")
    try unsafe elements.withUnsafeBufferPointer { source throws(MPIError) in
      try unsafe result.withUnsafeMutableBufferPointer { target throws(MPIError) in
        try unsafe check(
          MPI_Allgather(
            source.baseAddress, count, T.datatype.value, target.baseAddress, count,
            T.datatype.value, handle.value),
          "MPI_Allgather")
      }
    }
  }

  /// Collects elements of all ranks, as many as each has, on every rank.
  ///
  /// - Parameters:
  ///   - elements: This rank's elements.
  ///   - result: Where all go, one part behind the other in the order of ranks.
  ///   - counts: The number of elements of each rank, the same list on all ranks.
  /// - Throws: `MPIError`; class `.count` on all ranks when there are more than 2^31 − 1 elements
  ///   together.
  /// - Precondition: `counts` has one count a rank, this rank's is that of `elements`, and `result`
  ///   has as many elements as all together. Traps otherwise.
  /// - Note: Collective, blocking: for the start and the end of a run. MPI_Allgatherv, MPI 3.1, 5.7.
  public func allGatherVariable<T: MPIScalar>(
    _ elements: Span<T>, into result: consuming MutableSpan<T>, counts: [Int]
  ) throws(MPIError) {
    precondition(counts.count == size, "one count a rank")
    precondition(counts[rank] == elements.count, "the count of this rank is that of its elements")
    let layout = try VariableLayout(counts: counts, limit: chunkLimit, "MPI_Allgatherv")
    precondition(result.count == layout.total, "the result holds the parts of all ranks")
    try unsafe elements.withUnsafeBufferPointer { source throws(MPIError) in
      try unsafe result.withUnsafeMutableBufferPointer { target throws(MPIError) in
        try unsafe check(
          MPI_Allgatherv(
            source.baseAddress, layout.counts[rank], T.datatype.value, target.baseAddress,
            layout.counts, layout.offsets, T.datatype.value, handle.value),
          "MPI_Allgatherv")
      }
    }
  }
}

/// Counts of elements by rank and where each part begins, as MPI takes them.
struct VariableLayout {
  let counts: [CInt]
  let offsets: [CInt]
  let total: Int

  /// Lays parts one behind the other.
  ///
  /// - Precondition: No count is negative.
  init(counts: [Int], limit: Int, _ function: StaticString) throws(MPIError) {
    precondition(counts.allSatisfy { $0 >= 0 }, "a count is not negative")
    var total = 0
    var cCounts: [CInt] = []
    var offsets: [CInt] = []
    for count in counts {
      offsets.append(try checkedCount(total, limit: limit, function))
      cCounts.append(try checkedCount(count, limit: limit, function))
      total += count
    }
    _ = try checkedCount(total, limit: limit, function)
    self.counts = cCounts
    self.offsets = offsets
    self.total = total
  }
}
