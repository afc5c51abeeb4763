internal import CMPIShim

extension Communicator {
  /// Joins the elements of all ranks, coordinate by coordinate; every rank gets the result.
  ///
  /// - Parameters:
  ///   - elements: This rank's elements; the same count on all ranks.
  ///   - result: Where the result goes, as many elements.
  ///   - operation: How two elements are joined.
  /// - Precondition: `elements` and `result` have the same count. Traps otherwise.
  /// - Note: Collective, blocking: for the start and the end of a run. MPI_Allreduce, MPI 3.1,
  ///   5.9.6.
  public func allReduce<T: MPIScalar>(
    _ elements: Span<T>, into result: consuming MutableSpan<T>, operation: ReductionOperation
  ) throws(MPIError) {
    precondition(elements.count == result.count, "a reduction keeps the number of elements")
    try unsafe elements.withUnsafeBufferPointer { source throws(MPIError) in
      try unsafe result.withUnsafeMutableBufferPointer { target throws(MPIError) in
        try forEachChunk(of: source.count, limit: chunkLimit) {
          offset, count throws(MPIError) in
          try unsafe check(
            MPI_Allreduce(
              source.baseAddress.map { unsafe $0 + offset },
              target.baseAddress.map { unsafe $0 + offset }, count, T.datatype.value,
              operation.handle.value, handle.value),
            "MPI_Allreduce")
        }
      }
    }
  }

  /// Joins the elements of all ranks, coordinate by coordinate, in place.
  ///
  /// - Parameters:
  ///   - elements: This rank's elements, then the result; the same count on all ranks.
  ///   - operation: How two elements are joined.
  /// - Note: Collective, blocking: for the start and the end of a run. MPI_Allreduce with
  ///   MPI_IN_PLACE, MPI 3.1, 5.9.6.
  public func allReduce<T: MPIScalar>(
    inPlace elements: consuming MutableSpan<T>, operation: ReductionOperation
  ) throws(MPIError) {
    try unsafe elements.withUnsafeMutableBufferPointer { buffer throws(MPIError) in
      try forEachChunk(of: buffer.count, limit: chunkLimit) {
        offset, count throws(MPIError) in
        try unsafe check(
          MPI_Allreduce(
            CMPI_IN_PLACE(), buffer.baseAddress.map { unsafe $0 + offset }, count, T.datatype.value,
            operation.handle.value, handle.value),
          "MPI_Allreduce")
      }
    }
  }

  /// Joins the blocks of words of all ranks by a function of our own, in place.
  ///
  /// - Parameters:
  ///   - words: This rank's blocks, then the result; the same count on all ranks.
  ///   - reduction: How two blocks are joined.
  /// - Precondition: `words` holds whole blocks. Traps otherwise.
  /// - Note: Collective, blocking: for the start and the end of a run. MPI_Allreduce with
  ///   MPI_IN_PLACE, MPI 3.1, 5.9.5 and 5.9.6.
  public func allReduce(
    inPlace words: consuming MutableSpan<UInt64>, reduction: borrowing UserReduction
  ) throws(MPIError) {
    let wordsPerBlock = reduction.wordsPerBlock
    precondition(words.count % wordsPerBlock == 0, "a reduction takes whole blocks")
    let resource = reduction.resource
    try unsafe words.withUnsafeMutableBufferPointer { buffer throws(MPIError) in
      try forEachChunk(of: buffer.count / wordsPerBlock, limit: chunkLimit) {
        offset, count throws(MPIError) in
        try unsafe check(
          MPI_Allreduce(
            CMPI_IN_PLACE(), buffer.baseAddress.map { unsafe $0 + offset * wordsPerBlock }, count,
            resource.blockType.value, resource.operation.value, handle.value),
          "MPI_Allreduce")
      }
    }
  }
}
