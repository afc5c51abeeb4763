package import MPIKit

/// Waits, and names the silent ranks when the wait runs out.
package func listen(
  on communicator: borrowing Communicator, step: Int, _ patience: Patience,
  _ wait: () throws -> Void
) throws {
  do {
    try wait()
  } catch is WaitTimeout {
    throw VotingError.peersMissing(
      ranks: communicator.rollCall(), step: step, seconds: patience.limitSeconds)
  }
}

/// Checks that all ranks are at the same step.
func checkSteps(of controls: [ControlBlock], against step: Int) throws(VotingError) {
  for (rank, control) in controls.enumerated() where control.step != step {
    throw .outOfStep(rank: rank, itsStep: control.step, step: step)
  }
}
