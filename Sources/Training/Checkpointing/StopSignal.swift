import Foundation
import Synchronization

/// SIGUSR1 and SIGTERM: the wish of a cluster or a person that the run ends soon.
///
/// The handler only notes the first one; the training loop takes it to all ranks. Another one, a
/// second or more later, ends the process at once: closer together they are one wish that came by
/// two ways, as when both Slurm and mpirun pass it on.
enum StopSignal {
  /// Starts to listen; before this a signal ends the process.
  static func listen() {
    // Both are made before a signal can ask for them.
    _ = (firstNanoseconds.load(ordering: .relaxed), firstNumber.load(ordering: .relaxed))
    var action = sigaction()
    action.__sigaction_handler.sa_handler = note
    action.sa_flags = SA_RESTART
    sigaction(SIGUSR1, &action, nil)
    sigaction(SIGTERM, &action, nil)
  }

  /// The name of the signal that came; nil for none.
  static var name: String? {
    switch CInt(firstNumber.load(ordering: .relaxed)) {
    case 0: nil
    case SIGTERM: "SIGTERM"
    default: "SIGUSR1"
    }
  }
}

private let firstNanoseconds = Atomic<UInt64>(0)
private let firstNumber = Atomic<Int>(0)

private let note: @convention(c) (CInt) -> Void = { number in
  let now = Clock.nanoseconds
  let (isFirst, earlier) = firstNanoseconds.compareExchange(
    expected: 0, desired: now, ordering: .relaxed)
  if isFirst {
    firstNumber.store(Int(number), ordering: .relaxed)
  } else if now &- earlier > 1_000_000_000 {
    _exit(128 + number)
  }
}
