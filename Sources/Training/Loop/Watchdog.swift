import Foundation
import Synchronization

/// Ends the process when the training loop makes no progress at all.
///
/// Every wait of the loop has a time limit of its own and reports what it waited for. This plain
/// thread is for what the loop cannot see: a call that never returns. It calls no MPI; the launcher
/// ends the other ranks when this process is gone.
final class Watchdog: Sendable {
  private let lastSign: Atomic<UInt64>

  /// Starts watching.
  ///
  /// - Parameters:
  ///   - limitSeconds: How long the loop may be silent.
  ///   - rank: The rank to name.
  init(limitSeconds: Double, rank: Int) {
    lastSign = Atomic(Clock.nanoseconds)
    let thread = Thread { [weak self] in
      let limit = UInt64(limitSeconds * 1e9)
      while true {
        Thread.sleep(forTimeInterval: min(1, limitSeconds / 4))
        guard let last = self?.lastSign.load(ordering: .relaxed) else { return }
        guard Clock.nanoseconds &- last > limit else { continue }
        let line =
          "signum: rank \(rank): stuck for \(limitSeconds) s outside of any wait; ending; if one "
          + "gradient or evaluation takes as long, raise --collective-timeout\n"
        try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
        _exit(1)
      }
    }
    thread.start()
  }

  /// Says that the loop is alive.
  func touch() {
    lastSign.store(Clock.nanoseconds, ordering: .relaxed)
  }
}
