internal import Glibc

/// A wait that took longer than it may.
public struct WaitTimeout: Error, Equatable, Sendable {
  /// How long the wait may take, in seconds.
  public let limitSeconds: Double
}

extension WaitTimeout: CustomStringConvertible {
  /// One line: what happened.
  public var description: String { "not complete within \(limitSeconds) s" }
}

/// The time that a wait may still take: the pause between two tests.
///
/// ```swift
/// let limit = WaitLimit(seconds: 60)
/// while try !buffer.test() { try limit.pause() }
/// ```
public struct WaitLimit: Sendable {
  private let seconds: Double
  private let start: SuspendingClock.Instant

  /// A wait that begins now.
  ///
  /// - Parameter seconds: How long it may take; may be infinite.
  public init(seconds: Double) {
    self.seconds = seconds
    start = SuspendingClock.now
  }

  /// Lets others run on this core, then looks at the clock.
  ///
  /// Ranks that share a core would otherwise wait through whole time slices of each other.
  ///
  /// - Parameter onIdle: Called once a pause, to look at a flag; must not block.
  /// - Throws: `WaitTimeout` when the time is over.
  /// - Complexity: One system call and one look at the clock.
  public func pause(_ onIdle: () -> Void = {}) throws(WaitTimeout) {
    onIdle()
    sched_yield()
    guard (SuspendingClock.now - start) / .seconds(1) < seconds else {
      throw WaitTimeout(limitSeconds: seconds)
    }
  }
}
