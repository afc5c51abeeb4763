internal import Glibc

/// A wait in which nothing came for longer than may be.
public struct WaitTimeout: Error, Equatable, Sendable {
  /// How long nothing may come, in seconds.
  public let limitSeconds: Double
}

extension WaitTimeout: CustomStringConvertible {
  /// One line: what happened.
  public var description: String { "nothing came for \(limitSeconds) s" }
}

/// The time in which nothing may come in a wait: the pause between two tests.
///
/// ```swift
/// var limit = WaitLimit(seconds: 60)
/// while try !buffer.test() { try limit.pause(hasCome: buffer.completionCount > 0) }
/// ```
public struct WaitLimit: Sendable {
  /// One pause in so many yields: a message between neighbours comes within a few tests, and a yield
  /// takes longer than a test.
  private static let pausesPerYield = 8

  private var pauses = 0
  private let seconds: Double
  private var start: SuspendingClock.Instant
  private var hasRestarted = false

  /// A wait that begins now.
  ///
  /// - Parameter seconds: How long nothing may come; may be infinite.
  public init(seconds: Double) {
    self.seconds = seconds
    start = SuspendingClock.now
  }

  /// Every eighth time lets others run on this core and looks at the clock.
  ///
  /// Ranks that share a core would otherwise wait through whole time slices of each other.
  ///
  /// - Parameters:
  ///   - hasCome: Whether something came: then there is no pause, and the time counts from the next
  ///     look at the clock on.
  ///   - onIdle: Called when others ran, to look at a flag; must not block.
  /// - Throws: `WaitTimeout` when the time is over.
  /// - Complexity: At most one system call and one look at the clock.
  public mutating func pause(
    hasCome: Bool = false, _ onIdle: () -> Void = {}
  ) throws(WaitTimeout) {
    guard !hasCome else {
      hasRestarted = true
      return
    }
    pauses &+= 1
    guard pauses % Self.pausesPerYield == 0 else { return }
    onIdle()
    sched_yield()
    let now = SuspendingClock.now
    if hasRestarted {
      start = now
      hasRestarted = false
    }
    guard (now - start) / .seconds(1) < seconds else {
      throw WaitTimeout(limitSeconds: seconds)
    }
  }
}
