import Dispatch
import Foundation
import Synchronization

/// A plain thread that does work in order, beside the training loop.
///
/// It calls no MPI and lives as long as the process.
final class BackgroundThread: Sendable {
  private let jobs = Mutex<[@Sendable () -> Void]>([])
  private let available = DispatchSemaphore(value: 0)

  init() {
    Thread { [self] in
      while true {
        available.wait()
        jobs.withLock { $0.removeFirst() }()
      }
    }.start()
  }

  /// Does some work after what was given before.
  ///
  /// - Returns: Where its result will be.
  func start<Value: Sendable>(_ work: @escaping @Sendable () -> Value) -> Pending<Value> {
    let pending = Pending<Value>()
    jobs.withLock { $0.append { pending.fulfil(work()) } }
    available.signal()
    return pending
  }
}

/// The result of work on another thread, once it is there.
final class Pending<Value: Sendable>: Sendable {
  private let value: Mutex<Value?>

  /// A result that is to come, or is there already.
  init(_ value: Value? = nil) { self.value = Mutex(value) }

  /// The result; nil while it is to come.
  var result: Value? { value.withLock { $0 } }

  fileprivate func fulfil(_ result: Value) { value.withLock { $0 = result } }

  /// Waits for the result.
  func wait(whileWaiting: () -> Void) -> Value {
    while true {
      if let result { return result }
      whileWaiting()
      usleep(500)
    }
  }
}
