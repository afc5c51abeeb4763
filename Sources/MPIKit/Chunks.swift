/// Calls `body` for consecutive parts of `count` elements, none longer than `limit`.
///
/// MPI 3 counts in C ints, so one call takes 2^31 − 1 elements at most. Zero elements make one empty
/// part: a message without elements is still a message.
func forEachChunk(
  of count: Int, limit: Int, _ body: (_ offset: Int, _ count: CInt) throws(MPIError) -> Void
) throws(MPIError) {
  var offset = 0
  repeat {
    let part = min(count - offset, limit)
    try body(offset, CInt(part))
    offset += part
  } while offset < count
}

/// The number of parts that `forEachChunk` makes.
func chunkCount(of count: Int, limit: Int) -> Int {
  count == 0 ? 1 : (count - 1) / limit + 1
}
