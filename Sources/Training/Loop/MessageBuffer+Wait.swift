import MPIKit
import Voting

extension MessageBuffer {
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
        during: what, ranks: communicator.rollCall(), seconds: patience.limitSeconds)
    }
  }
}
