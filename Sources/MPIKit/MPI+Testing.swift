internal import CMPIShim
internal import Glibc

extension MPI {
  /// Starts MPI at the first call and finalises it when the process exits.
  ///
  /// For tests, which have no scope around all of them and whose bodies run on changing threads, one
  /// at a time: hence `.serialized`.
  ///
  /// - Returns: MPI_COMM_WORLD; each call lends it anew.
  package static func startForTests() throws -> Communicator {
    try testStart.get()
    return try unsafe Communicator(lending: CMPI_COMM_WORLD())
  }

  private static let testStart = Result {
    _ = try start(threads: .serialized)
    atexit { try? MPI.finalise() }
  }
}
