internal import AlignedBuffers
internal import CMPIShim
internal import Glibc
internal import Synchronization

/// The handle of a shared window, freed when all ranks are done with it.
///
/// Freeing is collective and blocks, but a value dies in error paths too, when peers may be dead or
/// wait elsewhere. So a rank waits a moment for the others to come as well; when they don't, the
/// window is left to the end of the process, on all ranks: which of the two happens is settled by
/// the first two counters of the window itself.
@safe
final class SharedWindow {
  typealias Counter = Atomic<UInt64>

  /// Two cache lines: processors fetch lines in pairs.
  static let counterStride = 128
  /// Seconds to wait for the others before freeing.
  private static let patienceSeconds = 2.0
  // Values of the second counter.
  private static let isOpen: UInt64 = 0
  private static let isFreed: UInt64 = 1
  private static let isLeft: UInt64 = 2

  let base: UnsafeMutableRawPointer
  private let handle: CMPIWin
  private let ranks: Int

  /// Makes a window of zeros, of which the first `counterStride` bytes are its own.
  ///
  /// Each rank clears a part: a page lies near the rank that touches it first, and the standard
  /// does not say what is in new windows.
  ///
  /// Collective.
  init(byteCount: Int, on node: borrowing Communicator) throws(MPIError) {
    let alignment = AlignedBuffer<UInt64>.alignment
    var handle = unsafe CMPI_WIN_NULL()
    var address: UnsafeMutableRawPointer?
    // All of it belongs to the first rank, so that it is one piece.
    try unsafe check(
      MPI_Win_allocate_shared(
        node.rank == 0 ? byteCount + alignment : 0, 1, CMPI_INFO_NULL(), node.handle.value,
        &address, &handle.value),
      "MPI_Win_allocate_shared")
    do throws(MPIError) {
      guard unsafe CMPI_WIN_IS_UNIFIED(handle) != 0 else {
        throw MPIError(code: CMPI_ERR_RMA_SHARED(), function: "MPI_Win_get_attr")
      }
      var size = 0
      var unit: CInt = 0
      try unsafe check(
        MPI_Win_shared_query(handle.value, 0, &size, &unit, &address), "MPI_Win_shared_query")
      try unsafe check(MPI_Win_lock_all(CMPI_MODE_NOCHECK(), handle.value), "MPI_Win_lock_all")
    } catch {
      _ = unsafe MPI_Win_free(&handle.value)
      throw error
    }
    guard let address = unsafe address else { preconditionFailure("a window without an address") }
    unsafe base = unsafe address.alignedUp(toMultipleOf: alignment)
    unsafe self.handle = unsafe handle
    ranks = node.size
    let part = node.rank * byteCount / ranks..<(node.rank + 1) * byteCount / ranks
    unsafe memset(base + part.lowerBound, 0, part.count)
    try node.barrier()
  }

  deinit {
    guard MPI.isRunning, areAllDone() else { return }
    var handle = unsafe handle
    _ = unsafe MPI_Win_unlock_all(handle.value)
    _ = unsafe MPI_Win_free(&handle.value)
  }

  /// A counter in the window.
  func counter(atByte offset: Int) -> UnsafeMutablePointer<Counter> {
    unsafe (base + offset).assumingMemoryBound(to: Counter.self)
  }

  /// Whether all ranks have come to free the window; the same on all.
  private func areAllDone() -> Bool {
    let arrivals = unsafe counter(atByte: 0)
    let outcome = unsafe counter(atByte: MemoryLayout<Counter>.stride)
    let arrived = unsafe arrivals.pointee.add(1, ordering: .acquiringAndReleasing).newValue
    if arrived == ranks { unsafe settle(outcome, Self.isFreed) }
    var limit = WaitLimit(seconds: Self.patienceSeconds)
    while unsafe outcome.pointee.load(ordering: .acquiring) == Self.isOpen {
      do { try limit.pause() } catch { unsafe settle(outcome, Self.isLeft) }
    }
    return unsafe outcome.pointee.load(ordering: .acquiring) == Self.isFreed
  }

  private func settle(_ outcome: UnsafeMutablePointer<Counter>, _ value: UInt64) {
    _ = unsafe outcome.pointee.compareExchange(
      expected: Self.isOpen, desired: value, ordering: .acquiringAndReleasing)
  }

  /// Whether the node has room for a window, as its first rank sees it.
  ///
  /// Open MPI 4.1 looks too, but then fails on the first rank alone, which leaves the others waiting
  /// for good (seen with 4.1.4).
  ///
  /// Collective.
  static func hasRoom(
    for byteCount: Int, on node: borrowing Communicator
  ) throws(MPIError) -> Bool {
    var answer: [UInt8] = [node.rank == 0 && availableBytes > byteCount ? 1 : 0]
    try node.broadcast(answer.mutableSpan, root: 0)
    return answer[0] == 1
  }

  /// The bytes that windows may still take, some kept back for the library's own.
  private static var availableBytes: Int {
    let folder = unsafe getenv("OMPI_MCA_osc_sm_backing_directory")
    let path = unsafe folder.map { unsafe String(cString: $0) } ?? "/dev/shm"
    var status = statvfs()
    guard unsafe statvfs(path, &status) == 0 else { return 0 }
    let bytes = Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    return bytes - bytes / 8 - 1 << 20
  }
}
