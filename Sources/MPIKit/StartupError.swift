/// A start of MPI that cannot lead to a useful run.
///
/// Every process of the job finds it by itself and MPI is not running when it is thrown: print it
/// and exit.
public enum StartupError: Error, Equatable, Sendable {
  /// The library offers less thread support than the program needs.
  case threadLevelTooLow(needed: ThreadLevel, provided: ThreadLevel)
  /// The launcher started several processes and each of them is alone in a world of its own.
  case singletons(expected: Int, variable: String, launchLine: String)
  /// The program was built for another MPI library than the one loaded.
  case libraryMismatch(built: String, found: String)
}

extension StartupError: CustomStringConvertible {
  /// One line: what happened and what to do.
  public var description: String {
    switch self {
    case .threadLevelTooLow(let needed, let provided):
      "the MPI library provides \(provided), needed is \(needed): "
        + "use a library built with thread support"
    case .singletons(let expected, let variable, let launchLine):
      "\(variable) is \(expected), but this process is alone: started without a launcher, or by "
        + "one that does not belong to the MPI library. Start with: \(launchLine)"
    case .libraryMismatch(let built, let found):
      "built for \(built), but the library loaded is \(found): "
        + "put the right library first in LD_LIBRARY_PATH, or build again"
    }
  }
}
