internal import AlignedBuffers
internal import CMPIShim

/// Memory for messages and the non-blocking operations on it, owned together.
///
/// MPI reads and writes the memory until an operation is complete, so the buffer keeps the ranges
/// in flight and lends no span that would meet one: a bug traps instead of racing. An operation is
/// complete once `test()` or `wait` has seen it. Memory and slots are allocated once.
///
/// Requests are those of MPI 3.1, 3.7 and 5.12.
@safe
public struct MessageBuffer<Element: MPIScalar>: ~Copyable {
  // Behind a pointer, so that `deinit` may decide to let it live on.
  private let storage: UnsafeMutablePointer<AlignedBuffer<Element>>
  let base: UnsafeMutablePointer<Element>
  /// The number of elements.
  public let count: Int

  var inFlight: RangesInFlight
  /// What MPI_Testsome is given: a request a slot, and room for what it finds complete.
  let requests: UnsafeMutableBufferPointer<CMPIRequest>
  let statuses: UnsafeMutableBufferPointer<MPI_Status>
  let completed: UnsafeMutableBufferPointer<CInt>
  /// The number of operations that the last `test()` found complete.
  public internal(set) var completionCount = 0
  /// The operation whose error the last `test()` threw.
  public internal(set) var failedOperation: Int?
  /// What the operation of each slot needs of its communicator and its reduction.
  var resources: [OperationResources?]

  /// Allocates a buffer of zeros.
  ///
  /// - Parameters:
  ///   - count: The number of elements.
  ///   - maximumRequests: The most operations in flight at once; above 2^31 − 1 elements each further
  ///     2^31 − 1 take another.
  /// - Precondition: `count` is not negative, `maximumRequests` is positive.
  /// - Complexity: O(`count`); all memory that the buffer ever takes.
  public init(count: Int, maximumRequests: Int) {
    precondition(count >= 0, "a buffer cannot have \(count) elements")
    // One element at least, so that an empty buffer has an address too.
    var elements = AlignedBuffer<Element>(repeating: 0, count: max(count, 1))
    var lent = elements.mutableSpan
    let address = unsafe lent.withUnsafeMutableBufferPointer { $0.baseAddress }
    guard let address = unsafe address else { preconditionFailure("memory without an address") }
    // It stays where it is until its owner dies, which `deinit` sees to.
    unsafe base = unsafe address
    unsafe storage = .allocate(capacity: 1)
    unsafe storage.initialize(to: elements)
    self.count = count
    inFlight = RangesInFlight(slots: maximumRequests)
    unsafe requests = .allocate(capacity: maximumRequests)
    unsafe requests.initialize(repeating: CMPI_REQUEST_NULL())
    unsafe statuses = .allocate(capacity: maximumRequests)
    unsafe statuses.initialize(repeating: MPI_Status())
    unsafe completed = .allocate(capacity: maximumRequests)
    unsafe completed.initialize(repeating: 0)
    resources = Array(repeating: nil, count: maximumRequests)
  }

  deinit {
    unsafe requests.deallocate()
    unsafe statuses.deallocate()
    unsafe completed.deallocate()
    // An operation in flight may still write here, and waiting for it may never end: its peer may
    // be dead, which is why a wait was given up. So the memory is given away for good, and so is
    // what MPI still needs to go on: the communicator and the reduction.
    guard isIdle else {
      for case let resources? in resources { resources.leak() }
      return
    }
    unsafe storage.deinitialize(count: 1)
    unsafe storage.deallocate()
  }

  /// Whether no operation is in flight.
  public var isIdle: Bool { inFlight.count == 0 }

  /// All elements, to read.
  ///
  /// - Precondition: No operation in flight writes. Traps otherwise.
  public var span: Span<Element> {
    @_lifetime(borrow self)
    get { span(in: 0..<count) }
  }

  /// The elements of a range, to read.
  ///
  /// - Precondition: `range` lies within the buffer and no operation in flight writes there. Traps
  ///   otherwise.
  @_lifetime(borrow self)
  public func span(in range: Range<Int>) -> Span<Element> {
    checkAccess(.read, to: range)
    return unsafe _overrideLifetime(
      Span(_unsafeStart: base + range.lowerBound, count: range.count), borrowing: self)
  }

  /// All elements, to read and write.
  ///
  /// - Precondition: No operation is in flight. Traps otherwise.
  public var mutableSpan: MutableSpan<Element> {
    @_lifetime(&self)
    mutating get { mutableSpan(in: 0..<count) }
  }

  /// The elements of a range, to read and write.
  ///
  /// - Precondition: `range` lies within the buffer and no operation is in flight there. Traps
  ///   otherwise.
  @_lifetime(&self)
  public mutating func mutableSpan(in range: Range<Int>) -> MutableSpan<Element> {
    checkAccess(.write, to: range)
    return unsafe _overrideLifetime(
      MutableSpan(_unsafeStart: base + range.lowerBound, count: range.count), mutating: &self)
  }

  /// Lends the elements of a range to a closure, to read; for owners that are classes.
  ///
  /// - Precondition: As `span(in:)`.
  public func withSpan<Result, Failure: Error>(
    in range: Range<Int>, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(span(in: range))
  }

  /// Lends the elements of a range to a closure, to read and write; for owners that are classes.
  ///
  /// - Precondition: As `mutableSpan(in:)`.
  public mutating func withMutableSpan<Result, Failure: Error>(
    in range: Range<Int>, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var span = mutableSpan(in: range)
    return try body(&span)
  }

  func checkAccess(_ access: RangesInFlight.Access, to range: Range<Int>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count, "\(range) lies outside the buffer")
    guard inFlight.allows(access, to: range) else { RangesInFlight.trap(range) }
  }
}

/// What an operation in flight needs besides the memory.
struct OperationResources {
  let communicator: CommunicatorResource
  let reduction: ReductionResource?

  /// Keeps both for good.
  func leak() {
    _ = unsafe Unmanaged.passRetained(communicator)
    if let reduction { _ = unsafe Unmanaged.passRetained(reduction) }
  }
}
