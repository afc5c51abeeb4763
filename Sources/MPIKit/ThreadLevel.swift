internal import CMPIShim

/// How far a program may use threads beside MPI, in rising order.
///
/// - Note: MPI 3.1, 12.4.3.
public struct ThreadLevel: RawRepresentable, Comparable, Sendable {
  /// The value of the MPI constant.
  public let rawValue: Int32

  /// A level from the value of its MPI constant.
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// The process has one thread: MPI_THREAD_SINGLE.
  public static var single: ThreadLevel { ThreadLevel(rawValue: CMPI_THREAD_SINGLE()) }
  /// Only the thread that started MPI calls it: MPI_THREAD_FUNNELED.
  public static var funneled: ThreadLevel { ThreadLevel(rawValue: CMPI_THREAD_FUNNELED()) }
  /// Any thread calls MPI, one at a time: MPI_THREAD_SERIALIZED.
  public static var serialized: ThreadLevel { ThreadLevel(rawValue: CMPI_THREAD_SERIALIZED()) }
  /// Any thread calls MPI at any time: MPI_THREAD_MULTIPLE.
  public static var multiple: ThreadLevel { ThreadLevel(rawValue: CMPI_THREAD_MULTIPLE()) }

  /// Whether one level allows less than another; the standard orders the constants.
  public static func < (left: ThreadLevel, right: ThreadLevel) -> Bool {
    left.rawValue < right.rawValue
  }

  /// Refuses this level, which the library provides, where a program needs a higher one.
  package func checkProvided(needed: ThreadLevel) throws(StartupError) {
    guard self >= needed else { throw .threadLevelTooLow(needed: needed, provided: self) }
  }
}

extension ThreadLevel: CustomStringConvertible {
  /// The name of the MPI constant.
  public var description: String {
    switch self {
    case .single: "MPI_THREAD_SINGLE"
    case .funneled: "MPI_THREAD_FUNNELED"
    case .serialized: "MPI_THREAD_SERIALIZED"
    case .multiple: "MPI_THREAD_MULTIPLE"
    default: "thread level \(rawValue)"
    }
  }
}
