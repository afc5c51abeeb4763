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
/// var limit = WaitLimit(seconds: 60)
/// while try !buffer.test() { try limit.pause() }
/// ```
public struct WaitLimit: Sendable {
  /// One pause in so many yields: a message between neighbours comes within a few tests, and a yield
  /// takes longer than a test.
  private static let pausesPerYield = 8

  private var pauses = 0
  private let seconds: Double
  private let start: SuspendingClock.Instant

  /// A wait that begins now.
  ///
  /// - Parameter seconds: How long it may take; may be infinite.
  public init(seconds: Double) {
    self.seconds = seconds
    start = SuspendingClock.now
  }

  /// Every eighth time lets others run on this core and looks at the clock.
  ///
  /// Ranks that share a core would otherwise wait through whole time slices of each other.
  ///
  /// - Parameter onIdle: Called when others ran, to look at a flag; must not block.
  /// - Throws: `WaitTimeout` when the time is over.
  /// - Complexity: At most one system call and one look at the clock.
  public mutating func pause(_ onIdle: () -> Void = {}) throws(WaitTimeout) {
    pauses &+= 1
    guard pauses % Self.pausesPerYield == 0 else { return }
    onIdle()
    sched_yield()
    guard (SuspendingClock.now - start) / .seconds(1) < seconds else {
      throw WaitTimeout(limitSeconds: seconds)
    }
  }
}
