internal import CMPIShim

/// A call of MPI that failed.
///
/// A struct around the library's own code, so that codes no standard names survive.
public struct MPIError: Error, Equatable, Sendable {
  /// The code that the call returned.
  public let code: Int32
  /// The class of the code, which the standard names.
  public let errorClass: ErrorClass
  /// The name of the call, such as `MPI_Allreduce`.
  public let function: String
  /// What the library, or MPIKit, says about it.
  public let message: String

  /// The class of an error: a named constant of the standard.
  ///
  /// - Note: MPI 3.1, 8.4.
  public struct ErrorClass: RawRepresentable, Equatable, Sendable {
    /// The value of the MPI constant.
    public let rawValue: Int32

    /// A class from the value of its MPI constant.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// A count out of range: MPI_ERR_COUNT.
    public static var count: ErrorClass { ErrorClass(rawValue: CMPI_ERR_COUNT()) }
    /// An operation that the type of the elements does not have: MPI_ERR_OP.
    public static var operation: ErrorClass { ErrorClass(rawValue: CMPI_ERR_OP()) }
    /// No such rank: MPI_ERR_RANK.
    public static var rank: ErrorClass { ErrorClass(rawValue: CMPI_ERR_RANK()) }
    /// No such root: MPI_ERR_ROOT.
    public static var root: ErrorClass { ErrorClass(rawValue: CMPI_ERR_ROOT()) }
    /// A message longer than the room for it: MPI_ERR_TRUNCATE.
    public static var truncate: ErrorClass { ErrorClass(rawValue: CMPI_ERR_TRUNCATE()) }
  }

  /// The error for a code that a call returned.
  ///
  /// - Parameters:
  ///   - code: The code; any value, known to the library or not.
  ///   - function: The name of the call.
  package init(code: Int32, function: String) {
    self.code = code
    self.function = function
    // MPI must run for these two; a failing MPI_Finalize is the one call after which it may not.
    var errorClass: CInt = 0
    guard MPI.isRunning, unsafe MPI_Error_class(code, &errorClass) == CMPI_SUCCESS() else {
      self.errorClass = ErrorClass(rawValue: code)
      message = "error code \(code)"
      return
    }
    self.errorClass = ErrorClass(rawValue: errorClass)
    let text = try? unsafe MPI.readText(capacity: CMPI_MAX_ERROR_STRING()) { characters, length in
      if unsafe MPI_Error_string(code, characters, &length) != CMPI_SUCCESS() { length = 0 }
    }
    message = text.flatMap { $0.isEmpty ? nil : $0 } ?? "error code \(code)"
  }

  /// The error for a count that does not fit in what a call can take.
  init(countTooLarge count: Int, limit: Int, function: String) {
    code = CMPI_ERR_COUNT()
    errorClass = .count
    self.function = function
    message = "\(count) elements are more than the \(limit) that one call can take"
  }
}

extension MPIError: CustomStringConvertible {
  /// One line: the call, what is wrong, the code.
  public var description: String { "\(function): \(message) (code \(code))" }
}

/// Throws for any code but MPI_SUCCESS; every call of MPI passes through here.
///
/// A call on a thread that may not make it ends the process.
func check(_ code: CInt, _ function: StaticString) throws(MPIError) {
  guard isCallAllowedHere else {
    fatalError("\(function) is called on a thread that did not start MPI")
  }
  guard code != CMPI_SUCCESS() else { return }
  throw MPIError(code: code, function: "\(function)")
}

private var isCallAllowedHere: Bool {
  guard MPI.isRunning else { return true }
  var level: CInt = 0
  var isMain: CInt = 0
  _ = unsafe MPI_Query_thread(&level)
  _ = unsafe MPI_Is_thread_main(&isMain)
  return level >= CMPI_THREAD_SERIALIZED() || isMain != 0
}

/// A count as MPI takes it.
func checkedCount(
  _ count: Int, limit: Int = Int(CInt.max), _ function: StaticString
) throws(MPIError) -> CInt {
  guard count <= limit, let checked = CInt(exactly: count) else {
    throw MPIError(countTooLarge: count, limit: limit, function: "\(function)")
  }
  return checked
}
