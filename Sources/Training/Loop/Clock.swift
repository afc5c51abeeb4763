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

  /// Sleeps until a time of `seconds`; not at all when it is past.
  static func sleep(until end: Double) {
    while true {
      let rest = end - seconds
      guard rest > 0 else { return }
      var time = timespec(tv_sec: Int(rest), tv_nsec: Int((rest - rest.rounded(.down)) * 1e9))
      nanosleep(&time, nil)
    }
  }
}
