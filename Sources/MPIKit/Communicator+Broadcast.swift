internal import CMPIShim

extension Communicator {
  /// Copies the elements of one rank to all.
  ///
  /// - Parameters:
  ///   - elements: Read on `root`, overwritten elsewhere; the same count on all ranks.
  ///   - root: The rank whose elements all get.
  /// - Note: Collective, blocking: for the start and the end of a run. MPI_Bcast, MPI 3.1, 5.4.
  public func broadcast<T: MPIScalar>(
    _ elements: consuming MutableSpan<T>, root: Int
  ) throws(MPIError) {
    let root = try checkedCount(root, "MPI_Bcast")
    try unsafe elements.withUnsafeMutableBufferPointer { buffer throws(MPIError) in
      try forEachChunk(of: buffer.count, limit: chunkLimit) {
        offset, count throws(MPIError) in
        try unsafe check(
          MPI_Bcast(
            buffer.baseAddress.map { unsafe $0 + offset }, count, T.datatype.value, root,
            handle.value),
          "MPI_Bcast")
      }
    }
  }

  /// Copies a text of one rank to all.
  ///
  /// - Parameters:
  ///   - text: The text; only that of `root` matters.
  ///   - root: The rank whose text all get.
  /// - Returns: The text of `root`.
  /// - Note: Collective, blocking: for the start and the end of a run. MPI_Bcast, MPI 3.1, 5.4.
  public func broadcast(_ text: String, root: Int) throws(MPIError) -> String {
    var count = [text.utf8.count]
    try broadcast(count.mutableSpan, root: root)
    var bytes = rank == root ? Array(text.utf8) : [UInt8](repeating: 0, count: count[0])
    try broadcast(bytes.mutableSpan, root: root)
    return String(decoding: bytes, as: UTF8.self)
  }
}
