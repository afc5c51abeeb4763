internal import CMPIShim
internal import Synchronization

/// Going on without the ranks that died: User-Level Failure Mitigation (ULFM), which Open MPI has
/// from version 5 on.
///
/// A call that needs a dead rank throws an error with `isProcessFailure`. Whoever catches one
/// revokes the communicator, so that the others do not wait for messages that will not come; all
/// that are left then agree on what to do, and shrink it.
extension MPI {
  /// Whether the library can go on without a rank that died.
  public static var hasFailureMitigation: Bool { CMPI_HAS_ULFM() != 0 }

  /// Whether the launcher leaves the others alone when a rank dies: `mpirun --with-ft ulfm`.
  ///
  /// - Note: Local. The attribute MPI_FT of MPI_COMM_WORLD.
  public static var mitigatesFailures: Bool { CMPI_ULFM_IS_ENABLED() != 0 }

  /// Whether a communicator was shrunk: ranks of the world are dead.
  static let hasLostRanks = Atomic<Bool>(false)
}

extension MPIError {
  /// Whether a rank died, or another one has noticed that and revoked the communicator.
  public var isProcessFailure: Bool {
    MPI.hasFailureMitigation
      && [CMPI_ERR_PROC_FAILED(), CMPI_ERR_REVOKED()].contains(errorClass.rawValue)
  }
}

extension Communicator {
  /// Ends all calls on this communicator, and on all that were made of it, with an error, on every
  /// rank.
  ///
  /// - Note: For any rank at any time. MPIX_Comm_revoke.
  public func revoke() throws(MPIError) {
    try resource.revoke()
  }

  /// Whether all ranks that live say yes; the same on each of them.
  ///
  /// - Note: Collective over the ranks that live, blocking; works when revoked. MPIX_Comm_agree.
  public func agree(_ answer: Bool) throws(MPIError) -> Bool {
    var flag: CInt = answer ? 1 : 0
    do throws(MPIError) {
      try unsafe check(CMPI_Comm_agree(handle, &flag), "MPIX_Comm_agree")
    } catch {
      // The answer counts all the same: the error only says that somebody is dead.
      guard error.isProcessFailure else { throw error }
    }
    return flag != 0
  }

  /// A communicator of the ranks that live, in their order.
  ///
  /// MPI then ends without MPI_Finalize, in which Open MPI 5.0.11 was seen to wait for the dead.
  ///
  /// - Note: Collective over the ranks that live, blocking; works when revoked. MPIX_Comm_shrink.
  public func shrink() throws(MPIError) -> Communicator {
    var result = unsafe CMPI_COMM_NULL()
    try unsafe check(CMPI_Comm_shrink(handle, &result), "MPIX_Comm_shrink")
    MPI.hasLostRanks.store(true, ordering: .relaxed)
    try unsafe check(
      MPI_Comm_set_errhandler(result.value, CMPI_ERRORS_RETURN()), "MPI_Comm_set_errhandler")
    return try unsafe Communicator(owning: result, chunkLimit: chunkLimit)
  }
}

extension CommunicatorResource {
  fileprivate func revoke() throws(MPIError) {
    for part in parts { try part()?.revoke() }
    try unsafe check(CMPI_Comm_revoke(handle), "MPIX_Comm_revoke")
  }
}
