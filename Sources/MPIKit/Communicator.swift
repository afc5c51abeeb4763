internal import CMPIShim

/// A group of ranks that exchange messages: MPI_Comm.
///
/// It belongs to the thread that started MPI and is neither copied nor sent elsewhere. The ones
/// lent by `MPI.run` or `selfCommunicator()` belong to MPI; those made by `split` and `duplicate`
/// free themselves at the end of their life, on all ranks in the same order.
///
/// The calls of this type block inside MPI until their peers have come: they are for the start and
/// the end of a run. Between, where a dead peer must be noticed and a signal obeyed, start an
/// operation of a `MessageBuffer` and wait for that one.
///
/// Calls marked *collective* are made by all ranks of the communicator, in the same order, with
/// arguments that fit each other. A wrong size of a buffer traps, since only a bug makes one;
/// everything else that fails throws `MPIError`.
@safe
public struct Communicator: ~Copyable {
  /// What is freed at the end; operations in flight keep it too.
  let resource: CommunicatorResource
  /// The most elements that one call of MPI is given; longer work goes in several calls.
  package let chunkLimit: Int

  /// The number of this process among `size`, from 0.
  public let rank: Int
  /// The number of ranks.
  public let size: Int

  private init(
    _ handle: CMPIComm, isOwned: Bool, chunkLimit: Int
  ) throws(MPIError) {
    var rank: CInt = 0
    var size: CInt = 0
    try unsafe check(MPI_Comm_rank(handle.value, &rank), "MPI_Comm_rank")
    try unsafe check(MPI_Comm_size(handle.value, &size), "MPI_Comm_size")
    unsafe resource = CommunicatorResource(handle, isOwned: isOwned)
    self.chunkLimit = chunkLimit
    self.rank = Int(rank)
    self.size = Int(size)
  }

  /// A communicator that frees itself.
  init(owning handle: CMPIComm, chunkLimit: Int) throws(MPIError) {
    try unsafe self.init(handle, isOwned: true, chunkLimit: chunkLimit)
  }

  /// A communicator made of the ranks of this one, which is revoked with it.
  private func part(_ handle: CMPIComm) throws(MPIError) -> Communicator {
    let part = try unsafe Communicator(owning: handle, chunkLimit: chunkLimit)
    resource.adopt(part.resource)
    return part
  }

  /// A communicator that somebody else frees.
  init(lending handle: CMPIComm, chunkLimit: Int = Int(CInt.max)) throws(MPIError) {
    try unsafe self.init(handle, isOwned: false, chunkLimit: chunkLimit)
  }

  /// The C handle.
  var handle: CMPIComm { unsafe resource.handle }

  /// Divides the ranks into new communicators by colour.
  ///
  /// - Parameters:
  ///   - color: Ranks of one colour come together; not negative, or nil to join none.
  ///   - key: The order within a colour; equal keys keep the order of ranks.
  /// - Returns: The communicator of this rank's colour, nil for no colour.
  /// - Throws: `MPIError`, also for a colour or key beyond 31 bits.
  /// - Precondition: `color` is not negative.
  /// - Note: Collective. MPI_Comm_split, MPI 3.1, 6.4.2.
  public func split(color: Int?, key: Int) throws(MPIError) -> Communicator? {
    precondition(color ?? 0 >= 0, "a colour is not negative")
    let colorArgument = try color.map { value throws(MPIError) in
      try checkedCount(value, "MPI_Comm_split")
    }
    var result = unsafe CMPI_COMM_NULL()
    try unsafe check(
      MPI_Comm_split(
        handle.value, colorArgument ?? CMPI_UNDEFINED(), checkedCount(key, "MPI_Comm_split"),
        &result.value),
      "MPI_Comm_split")
    guard color != nil else { return nil }
    return try unsafe part(result)
  }

  /// Divides the ranks into communicators whose members can share memory: one for each node.
  ///
  /// - Returns: The communicator of this rank's node, in the order of ranks.
  /// - Note: Collective. MPI_Comm_split_type with MPI_COMM_TYPE_SHARED, MPI 3.1, 6.4.2.
  public func splitSharedMemory() throws(MPIError) -> Communicator {
    var result = unsafe CMPI_COMM_NULL()
    try unsafe check(
      MPI_Comm_split_type(
        handle.value, CMPI_COMM_TYPE_SHARED(), CInt(rank), CMPI_INFO_NULL(), &result.value),
      "MPI_Comm_split_type")
    return try unsafe part(result)
  }

  /// A communicator of the same ranks whose messages never meet those of this one.
  ///
  /// - Note: Collective. MPI_Comm_dup, MPI 3.1, 6.4.2.
  public func duplicate() throws(MPIError) -> Communicator {
    var result = unsafe CMPI_COMM_NULL()
    try unsafe check(MPI_Comm_dup(handle.value, &result.value), "MPI_Comm_dup")
    return try unsafe part(result)
  }

  /// The communicator of this process alone: MPI_COMM_SELF.
  ///
  /// - Note: Local. MPI 3.1, 6.2.4.
  public func selfCommunicator() throws(MPIError) -> Communicator {
    try unsafe Communicator(lending: CMPI_COMM_SELF(), chunkLimit: chunkLimit)
  }

  /// The same communicator, giving MPI at most `limit` elements a call; it must not outlive this.
  package func limitingChunks(to limit: Int) throws(MPIError) -> Communicator {
    precondition(limit > 0 && limit <= CInt.max, "MPI counts from 1 to 2^31 - 1")
    return try unsafe Communicator(lending: handle, chunkLimit: limit)
  }

  /// Waits until all ranks have come.
  ///
  /// - Note: Collective, blocking: for the start and the end of a run. MPI_Barrier, MPI 3.1, 5.3.
  public func barrier() throws(MPIError) {
    try unsafe check(MPI_Barrier(handle.value), "MPI_Barrier")
  }

  /// Ends the whole job at once; `MPI.abort(code:)`.
  public func abort(code: Int) -> Never { MPI.abort(code: code) }
}

/// The handle of a communicator, freed when neither its owner nor an operation in flight needs it.
@safe
final class CommunicatorResource {
  let handle: CMPIComm
  private let isOwned: Bool
  /// Those that were made of it; nil for those that are gone.
  private(set) var parts: [() -> CommunicatorResource?] = []

  init(_ handle: CMPIComm, isOwned: Bool) {
    unsafe self.handle = unsafe handle
    self.isOwned = isOwned
  }

  func adopt(_ part: CommunicatorResource) {
    parts.removeAll { $0() == nil }
    parts.append { [weak part] in part }
  }

  deinit {
    // After MPI_Finalize there is nothing left to free, and calling MPI would end the process.
    guard isOwned, MPI.isRunning else { return }
    // Who waits on it for this rank, which gives it up, would not learn of a death otherwise.
    if unsafe CMPI_Comm_has_dead(handle) != 0 { _ = unsafe CMPI_Comm_revoke(handle) }
    var handle = unsafe handle
    _ = unsafe MPI_Comm_free(&handle.value)
  }
}
