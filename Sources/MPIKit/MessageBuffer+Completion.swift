internal import AlignedBuffers
internal import CMPIShim

extension MessageBuffer {
  /// Lets MPI work, and sees which operations are complete; `completion(at:)` tells them.
  ///
  /// - Returns: Whether no operation is in flight any more.
  /// - Throws: `MPIError` of an operation that failed; `failedOperation` is its number, and it is no
  ///   longer in flight.
  /// - Complexity: O(slots), no allocation.
  /// - Note: Local, never blocks. MPI_Testsome, MPI 3.1, 3.7.5.
  public mutating func test() throws(MPIError) -> Bool {
    completionCount = 0
    failedOperation = nil
    guard !isIdle else { return true }
    var completedCount: CInt = 0
    let code = unsafe MPI_Testsome(
      CInt(requests.count), CMPI_REQUESTS(requests.baseAddress), &completedCount,
      completed.baseAddress, statuses.baseAddress)
    // Where an operation failed the call says so and the status says how; all complete ones, failed
    // or not, are no longer in flight.
    var failure = code == CMPI_ERR_IN_STATUS() ? CMPI_SUCCESS() : code
    completionCount = max(0, Int(completedCount))
    for index in 0..<completionCount {
      let status = unsafe statuses[index].MPI_ERROR
      if status != CMPI_SUCCESS() {
        failure = status
        failedOperation = unsafe Int(completed[index])
      }
      unsafe statuses[index].MPI_ERROR = CMPI_SUCCESS()
      let slot = unsafe Int(completed[index])
      resources[slot] = nil
      inFlight.release(slot)
    }
    try check(failure, "MPI_Testsome")
    return isIdle
  }

  /// An operation that the last `test()` found complete.
  ///
  /// - Parameter index: One of 0..<`completionCount`.
  /// - Returns: The number that its start returned, and the number of elements that a receive
  ///   received; -1 when these were no whole elements.
  /// - Precondition: `index` is one of them, and no operation was started since. Traps otherwise
  ///   where it can be seen.
  /// - Note: Local. MPI_Get_count, MPI 3.1, 3.2.5.
  public func completion(at index: Int) -> (operation: Int, receivedCount: Int) {
    precondition(index >= 0 && index < completionCount, "no completed operation \(index)")
    var count: CInt = 0
    let code = unsafe MPI_Get_count(&statuses[index], Element.datatype.value, &count)
    return unsafe (Int(completed[index]), code == CMPI_SUCCESS() ? max(-1, Int(count)) : -1)
  }

  /// Waits until all operations are complete: tests, and in between yields and looks at the clock.
  ///
  /// - Parameters:
  ///   - limitSeconds: How long none may become complete; may be infinite.
  ///   - onIdle: Called now and then between tests, to look at a flag; must not block.
  /// - Throws: `WaitTimeout` when the time is over, with the operations still in flight; `MPIError`
  ///   of an operation that failed.
  /// - Note: Local. After a time-out, `Communicator.rollCall(seconds:)` names silent peers.
  public mutating func wait(
    limitSeconds: Double, onIdle: () -> Void = {}
  ) throws {
    var limit = WaitLimit(seconds: limitSeconds)
    while try !test() { try limit.pause(hasCome: completionCount > 0, onIdle) }
  }
}
