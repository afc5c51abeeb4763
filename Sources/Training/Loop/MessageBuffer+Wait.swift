import MPIKit
import Voting

extension MessageBuffer {
  /// Seconds that ranks have to answer a roll call after a wait ran out.
  private static var rollCallSeconds: Double { 2 }

  /// Waits for all operations.
  ///
  /// - Throws: `TrainingError.peersMissing` with the ranks that do not answer.
  mutating func wait(
    _ patience: Patience, during what: String, on communicator: borrowing Communicator
  ) throws {
    do {
      try wait(limitSeconds: patience.limitSeconds, onIdle: patience.whileWaiting)
    } catch is WaitTimeout {
      throw TrainingError.peersMissing(
        during: what, ranks: communicator.rollCall(seconds: Self.rollCallSeconds),
        seconds: patience.limitSeconds)
    }
  }
}
