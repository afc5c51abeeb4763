import Foundation

/// The monotonic clock of the node.
enum Clock {
  /// Nanoseconds since some start.
  static var nanoseconds: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Seconds since some start.
  static var seconds: Double { Double(nanoseconds) * 1e-9 }

  /// Sleeps about so long, or less when a signal comes.
  static func sleep(seconds: Double) {
    var time = timespec(
      tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    nanosleep(&time, nil)
  }
}
