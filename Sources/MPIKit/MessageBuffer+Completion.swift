internal import AlignedBuffers
internal import CMPIShim

extension MessageBuffer {
  /// Lets MPI work, and sees which operations are complete.
  ///
  /// - Returns: Whether no operation is in flight any more.
  /// - Throws: `MPIError` of an operation that failed; that operation is no longer in flight.
  /// - Complexity: O(slots), one call of MPI, no allocation.
  /// - Note: Local, never blocks. MPI_Testsome, MPI 3.1, 3.7.5.
  public mutating func test() throws(MPIError) -> Bool {
    guard !isIdle else { return true }
    var completedCount: CInt = 0
    let code = unsafe MPI_Testsome(
      CInt(requests.count), CMPI_REQUESTS(requests.baseAddress), &completedCount,
      completed.baseAddress, statuses.baseAddress)
    // Where an operation failed the call says so and the status says how; all complete ones, failed
    // or not, are no longer in flight.
    var failure = code == CMPI_ERR_IN_STATUS() ? CMPI_SUCCESS() : code
    for index in 0..<max(0, Int(completedCount)) {
      let status = unsafe statuses[index].MPI_ERROR
      if status != CMPI_SUCCESS() { failure = status }
      unsafe statuses[index].MPI_ERROR = CMPI_SUCCESS()
      let slot = unsafe Int(completed[index])
      resources[slot] = nil
      inFlight.release(slot)
    }
    try check(failure, "MPI_Testsome")
    return isIdle
  }

  /// Waits until all operations are complete: tests, and in between yields and looks at the clock.
  ///
  /// - Parameters:
  ///   - limitSeconds: How long to wait; may be infinite.
  ///   - onIdle: Called between two tests, to look at a flag; must not block.
  /// - Throws: `WaitTimeout` when the time is over, with the operations still in flight; `MPIError`
  ///   of an operation that failed.
  /// - Note: Local. After a time-out, `Communicator.rollCall(seconds:)` names silent peers.
  public mutating func wait(
    limitSeconds: Double, onIdle: () -> Void = {}
  ) throws {
    let limit = WaitLimit(seconds: limitSeconds)
    while try !test() { try limit.pause(onIdle) }
  }
}
