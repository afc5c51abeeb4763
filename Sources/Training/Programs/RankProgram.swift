import Foundation
package import MPIKit

/// The frame of a program that runs on every rank.
package enum RankProgram {
  /// Starts MPI, runs a body, and turns whatever it ends with into an exit code.
  ///
  /// An error on one rank is printed with the rank, and MPI_Abort ends the others.
  package static func run(_ body: (borrowing Communicator) throws -> Int32) -> Int32 {
    // A reader of our output that goes away must not end a run that still saves its results.
    signal(SIGPIPE, SIG_IGN)
    do {
      return try MPI.run { world in
        do {
          return try body(world)
        } catch let error as TrainingError where error.isAgreed {
          if world.rank == 0 { Console.complain("\(error)") }
          return 1
        } catch {
          Console.complain("rank \(world.rank) on \(Machine.host): \(error)")
          world.abort(code: 1)
        }
      }
    } catch {
      Console.complain("\(error)")
      return 2
    }
  }
}
