internal import CMPIShim
internal import Glibc
internal import Synchronization

/// MPI, started once for the length of a closure.
///
/// MPIKit follows MPI 3.1. What it does not wrap: one-sided communication, dynamic processes,
/// parallel files, topologies, persistent requests, wildcard receives and intercommunicators.
///
/// Every call belongs on the thread that started MPI (`ThreadLevel.funneled`); each call checks
/// that. There is no `async` here: after its first suspension a task on Linux is on another thread.
public enum MPI {
  /// Starts MPI, lends the communicator of all processes, and finalises.
  ///
  /// Errors of MPI calls are returned, not fatal, from the first call on. A closure that returns on
  /// all ranks ends with MPI_Finalize: return a value such as an exit code for whatever all ranks
  /// have agreed on, errors included. A closure that throws is taken to have failed on this rank
  /// alone: `run` rethrows and leaves MPI running, because MPI_Finalize would wait for peers that
  /// wait for this rank. Say what happened, then call `MPI.abort(code:)`; should the process just
  /// exit, the launcher ends the job.
  ///
  /// - Parameters:
  ///   - threads: The least thread level that the program needs.
  ///   - body: The program; it borrows MPI_COMM_WORLD.
  /// - Returns: What `body` returns.
  /// - Throws: `StartupError` on every process, with MPI already finalised or never started; what
  ///   `body` throws, with MPI still running; `MPIError` when starting or finalising fails.
  /// - Precondition: MPI was not started before in this process. Traps otherwise.
  /// - Note: Collective over all processes of the job. MPI 3.1, 8.7 and 12.4.
  public static func run<Result>(
    threads: ThreadLevel = .funneled,
    _ body: (borrowing Communicator) throws -> Result
  ) throws -> Result {
    let world = try start(threads: threads)
    let result = try body(world)
    try finalise()
    return result
  }

  /// Ends the whole job at once: every process of it, not only this one.
  ///
  /// - Parameter code: The exit code that the launcher is asked for, 1 to 255.
  /// - Note: Local to call, needs no other rank; MPI_Abort, MPI 3.1, 8.7. Where MPI does not run,
  ///   the process exits with the code.
  public static func abort(code: Int) -> Never {
    // MPI_Abort does not promise to write out what is buffered.
    fflush(nil)
    if isRunning {
      _ = unsafe MPI_Abort(CMPI_COMM_WORLD().value, CInt(truncatingIfNeeded: code))
    }
    exit(CInt(truncatingIfNeeded: code))
  }

  /// Whether MPI is started and not yet finalised.
  public static var isRunning: Bool {
    var isInitialised: CInt = 0
    var isFinalised: CInt = 0
    _ = unsafe MPI_Initialized(&isInitialised)
    _ = unsafe MPI_Finalized(&isFinalised)
    return isInitialised != 0 && isFinalised == 0
  }

  /// Starts MPI, checks what the process got, and makes errors return.
  static func start(threads: ThreadLevel) throws -> Communicator {
    var isInitialised: CInt = 0
    _ = unsafe MPI_Initialized(&isInitialised)
    precondition(isInitialised == 0, "MPI starts once in a process")
    let launcher = Launcher.current
    try checkLibrary()
    try launcher.checkBeforeStart()
    // Open MPI 4 would start a daemon for a process that no launcher started, for calls that are not
    // made here; the daemon would keep every file open that this process has open now.
    unsafe setenv("OMPI_MCA_ess_singleton_isolated", "1", 0)

    keepFreedMemory()
    var provided: CInt = 0
    try unsafe check(MPI_Init_thread(nil, nil, threads.rawValue, &provided), "MPI_Init_thread")
    try unsafe check(
      MPI_Comm_set_errhandler(CMPI_COMM_WORLD().value, CMPI_ERRORS_RETURN()),
      "MPI_Comm_set_errhandler")
    try unsafe check(
      MPI_Comm_set_errhandler(CMPI_COMM_SELF().value, CMPI_ERRORS_RETURN()),
      "MPI_Comm_set_errhandler")
    let world = try unsafe Communicator(lending: CMPI_COMM_WORLD())
    do throws(StartupError) {
      try ThreadLevel(rawValue: provided).checkProvided(needed: threads)
      try launcher.check(worldSize: world.size)
    } catch {
      // All processes find the same, each by itself, so nobody waits for another.
      try finalise()
      throw error
    }
    return world
  }

  /// Lets the process keep up to 256 MB that it frees.
  ///
  /// MPI's reductions take memory for a message in each call; pages that went back to the kernel
  /// meanwhile would come one fault at a time.
  private static func keepFreedMemory() {
    let bytes: CInt = 256 << 20
    mallopt(M_MMAP_THRESHOLD, bytes)
    mallopt(M_TRIM_THRESHOLD, bytes)
  }

  /// Ends MPI, unless ranks have died: see `Communicator.shrink()`.
  static func finalise() throws(MPIError) {
    guard !hasLostRanks.load(ordering: .relaxed) else { return }
    try check(MPI_Finalize(), "MPI_Finalize")
  }

  private static func checkLibrary() throws {
    let built = unsafe String(cString: CMPI_HEADER_LIBRARY())
    let found = try libraryVersion
    guard found.contains(built) else {
      throw StartupError.libraryMismatch(built: built, found: found)
    }
  }
}
