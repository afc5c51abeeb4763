import Glibc
import MPIKit
import TestSupport
import Testing

/// Started by LaunchTests, where Jobs/other-mpi.sh runs those with ranks that die.
@Suite(
  "Rank death",
  .enabled("Open MPI 5 with ULFM: Jobs/other-mpi.sh runs and counts it") {
    RankWorld.isLaunched && getenv("SIGNUM_ULFM") != nil
  })
struct RankDeathTests {
  /// Rank 0 learns of the death of rank 2 on one communicator and gives another up, on which rank 1
  /// waits for rank 0.
  @Test func communicatorGivenUp_isRevoked() throws {
    let world = try RankWorld.communicator()
    let kept = try world.duplicate()
    switch world.rank {
    case 2:
      let givenUp = try world.duplicate()
      try givenUp.barrier()
      kill(getpid(), SIGKILL)
    case 0:
      do {
        let givenUp = try world.duplicate()
        try givenUp.barrier()
        let error = #expect(throws: MPIError.self) { try receive(from: 2, on: kept) }
        #expect(error?.isProcessFailure == true, "\(String(describing: error))")
      }
      try receive(from: 1, on: kept)
    default:
      let givenUp = try world.duplicate()
      try givenUp.barrier()
      let error = #expect(throws: MPIError.self) { try receive(from: 0, on: givenUp) }
      #expect(error?.isProcessFailure == true, "\(String(describing: error))")
      print("rank 1: \(String(describing: error))")
      try kept.send([UInt8(1)].span, to: 0, tag: 1)
    }
    // MPI_Finalize would wait for the dead.
    fflush(nil)
    _exit(0)
  }

  private func receive(from source: Int, on ranks: borrowing Communicator) throws {
    var buffer = MessageBuffer<UInt8>(count: 1, maximumRequests: 1)
    try buffer.startReceive(into: 0..<1, from: source, tag: 1, on: ranks)
    try buffer.wait(limitSeconds: 10)
  }
}
