package import AlignedBuffers
internal import CMPIShim
internal import Synchronization

/// Memory that the ranks of a node read and write together: an MPI-3 shared window.
///
/// Made once, all zero, with a fixed number of elements and of counters. Which rank touches which
/// elements when is for the ranks to agree on, by the counters: what a rank has written before it
/// sets a counter is seen by those who have found that value there. Looking at a counter is a load,
/// so ranks wait for each other by the same loop as for messages, without a call of MPI.
///
/// The memory lasts until the last buffer that was lent from it is gone. It needs room in the
/// folder in which the library keeps windows, /dev/shm as a rule.
///
/// - Note: MPI 3.1, 11.2.3 and 11.4: the window is one epoch from MPI_Win_lock_all on, in the
///   unified memory model, which `init` demands.
@safe
public struct SharedMemory<Element: MPIScalar>: ~Copyable {
  private let window: SharedWindow
  private let elements: UnsafeMutableBufferPointer<Element>
  /// The number of counters.
  public let counterCount: Int

  /// Makes memory of zeros, or none on all ranks where the node has no room for it.
  ///
  /// - Parameters:
  ///   - count: The number of elements, the same on all ranks.
  ///   - counters: The number of counters, the same on all ranks.
  ///   - node: Ranks of one node, as `Communicator.splitSharedMemory()` makes them.
  /// - Throws: `MPIError`, also when the ranks cannot share memory.
  /// - Precondition: Neither number is negative, and the bytes fit in an `Int`. Traps otherwise.
  /// - Complexity: All memory that it ever takes: the elements, and 128 bytes a counter; pages are
  ///   taken when they are first touched.
  /// - Note: Collective, blocking: for the start of a run. MPI_Win_allocate_shared.
  public init?(count: Int, counters: Int, on node: borrowing Communicator) throws(MPIError) {
    precondition(count >= 0 && counters >= 0, "\(count) elements, \(counters) counters")
    let first = SharedWindow.counterStride * (1 + counters)
    let byteCount = first + count * MemoryLayout<Element>.stride
    guard try SharedWindow.hasRoom(for: byteCount, on: node) else { return nil }
    window = try SharedWindow(byteCount: byteCount, on: node)
    let start = unsafe (window.base + first).bindMemory(to: Element.self, capacity: count)
    unsafe elements = UnsafeMutableBufferPointer(start: start, count: count)
    counterCount = counters
  }

  /// The number of elements.
  public var count: Int { unsafe elements.count }

  /// Sets a counter, after everything that this rank has written.
  ///
  /// - Precondition: `index` is one of the counters.
  public func setCounter(_ index: Int, to value: UInt64) {
    unsafe counter(index).pointee.store(value, ordering: .releasing)
  }

  /// A counter: what was written before it was set to this value can be read.
  ///
  /// - Precondition: `index` is one of the counters.
  public func counter(at index: Int) -> UInt64 {
    unsafe counter(index).pointee.load(ordering: .acquiring)
  }

  private func counter(_ index: Int) -> UnsafeMutablePointer<SharedWindow.Counter> {
    precondition(index >= 0 && index < counterCount, "no counter \(index)")
    return unsafe window.counter(atByte: SharedWindow.counterStride * (1 + index))
  }

  /// Lends elements to a closure, to read.
  ///
  /// - Precondition: `range` lies within the memory. No rank writes there meanwhile: unlike with a
  ///   `MessageBuffer`, nobody checks.
  public func withSpan<Result, Failure: Error>(
    in range: Range<Int>, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(unsafe Span(_unsafeElements: UnsafeBufferPointer(part(range))))
  }

  /// Lends elements to a closure, to read and write.
  ///
  /// - Precondition: `range` lies within the memory. No other rank touches it meanwhile: nobody
  ///   checks.
  public func withMutableSpan<Result, Failure: Error>(
    in range: Range<Int>, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var span = unsafe MutableSpan(_unsafeElements: part(range))
    return try body(&span)
  }

  /// Elements as a buffer, which keeps the memory alive.
  ///
  /// - Precondition: `range` lies within the memory and begins at a multiple of 64 bytes. Whoever
  ///   uses the buffer keeps to what the ranks agreed on.
  package func buffer(_ range: Range<Int>) -> AlignedBuffer<Element> {
    unsafe AlignedBuffer(lending: part(range), of: window)
  }

  private func part(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Element> {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count, "\(range) lies outside the memory")
    return unsafe UnsafeMutableBufferPointer(rebasing: elements[range])
  }
}
