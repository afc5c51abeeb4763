internal import CMPIShim

extension Communicator {
  /// The tags of messages, 0 to 32766.
  ///
  /// The standard grants one more; it is the roll call's.
  public static var tags: Range<Int> { 0..<32767 }

  /// Sends elements to one rank.
  ///
  /// - Parameters:
  ///   - elements: The elements; beyond 2^31 − 1 the receiver must ask for exactly as many.
  ///   - destination: The rank that receives them.
  ///   - tag: Tells messages between the same two ranks apart.
  /// - Precondition: `tag` is one of `tags`.
  /// - Note: Local, blocks until the memory is free again, perhaps until it is received: for the
  ///   start and the end of a run. MPI_Send, MPI 3.1, 3.2.1.
  public func send<T: MPIScalar>(
    _ elements: Span<T>, to destination: Int, tag: Int
  ) throws(MPIError) {
    let tag = checkedTag(tag)
    let destination = try checkedCount(destination, "MPI_Send")
    try unsafe elements.withUnsafeBufferPointer { buffer throws(MPIError) in
      try forEachChunk(of: buffer.count, limit: chunkLimit) {
        offset, count throws(MPIError) in
        try unsafe check(
          MPI_Send(
            buffer.baseAddress.map { unsafe $0 + offset }, count, T.datatype.value, destination,
            tag, handle.value),
          "MPI_Send")
      }
    }
  }

  /// Receives elements from one rank.
  ///
  /// - Parameters:
  ///   - elements: Where they go: room for at least as many as are sent.
  ///   - source: The rank that sends them.
  ///   - tag: The tag that they are sent with.
  /// - Returns: The number of elements received.
  /// - Throws: `MPIError`; class `.truncate` when more is sent than there is room for.
  /// - Precondition: `tag` is one of `tags`.
  /// - Note: Local, blocks until received: for the start and the end of a run. MPI_Recv, MPI 3.1,
  ///   3.2.4.
  public func receive<T: MPIScalar>(
    into elements: consuming MutableSpan<T>, from source: Int, tag: Int
  ) throws(MPIError) -> Int {
    let tag = checkedTag(tag)
    let source = try checkedCount(source, "MPI_Recv")
    return try unsafe elements.withUnsafeMutableBufferPointer { buffer throws(MPIError) in
      var received = 0
      try forEachChunk(of: buffer.count, limit: chunkLimit) {
        offset, room throws(MPIError) in
        // A part that came short was the last.
        guard received == offset else { return }
        var status = MPI_Status()
        try unsafe check(
          MPI_Recv(
            buffer.baseAddress.map { unsafe $0 + offset }, room, T.datatype.value, source, tag,
            handle.value, &status),
          "MPI_Recv")
        var count: CInt = 0
        try unsafe check(MPI_Get_count(&status, T.datatype.value, &count), "MPI_Get_count")
        received += Int(count)
      }
      return received
    }
  }
}

/// A tag as MPI takes it.
func checkedTag(_ tag: Int) -> CInt {
  precondition(Communicator.tags.contains(tag), "tag \(tag) is not one of 0 to 32766")
  return CInt(tag)
}
