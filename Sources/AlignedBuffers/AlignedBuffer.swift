internal import Glibc

/// A fixed-size array in memory aligned to 64 bytes, owned by one value.
///
/// The long-lived arrays of a run (parameters, gradient, momentum, planes of signs) are allocated
/// once before the first step and never grow. The owner cannot be copied; it lends its memory as
/// spans, which the compiler keeps from outliving it.
///
/// 64 bytes are one cache line and the widest vector register in use. From two huge pages on, a
/// buffer is aligned to one and asks Linux for them: the processor then looks up addresses less often.
@safe
public struct AlignedBuffer<Element: BitwiseCopyable>: ~Copyable {
  /// Alignment of the first element in bytes.
  public static var alignment: Int { 64 }

  @usableFromInline let storage: UnsafeMutableBufferPointer<Element>
  /// Who owns the memory; nil where the buffer itself does.
  @usableFromInline let owner: AnyObject?

  /// Allocates a buffer and sets every element.
  ///
  /// - Precondition: `count` is not negative and `count` elements fit in the address space.
  /// - Complexity: O(`count`), one allocation.
  @inlinable
  public init(repeating value: Element, count: Int) {
    unsafe storage = Self.allocate(count: count)
    // Inlined, so that it is done by whole vectors for the type that the caller has.
    unsafe storage.initialize(repeating: value)
    owner = nil
  }

  @usableFromInline
  static func allocate(count: Int) -> UnsafeMutableBufferPointer<Element> {
    precondition(count >= 0, "a buffer cannot have \(count) elements")
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    precondition(!overflow, "\(count) elements do not fit in the address space")
    let isLarge = bytes >= 2 * hugePageBytes
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: max(bytes, 1), alignment: isLarge ? hugePageBytes : alignment)
    // A wish: a kernel without huge pages refuses, which changes nothing but speed.
    if isLarge { unsafe madvise(raw, bytes, MADV_HUGEPAGE) }
    return unsafe UnsafeMutableBufferPointer(
      start: raw.bindMemory(to: Element.self, capacity: count), count: count)
  }

  /// A part of somebody else's memory, such as a window that several processes share.
  ///
  /// Unsafe: that nobody else touches these elements meanwhile is the owner's business.
  ///
  /// - Parameters:
  ///   - elements: Initialised memory at a multiple of `alignment`.
  ///   - owner: Whose end is the end of the memory; kept as long as the buffer.
  /// - Precondition: The memory is aligned. Traps otherwise.
  @unsafe
  package init(lending elements: UnsafeMutableBufferPointer<Element>, of owner: AnyObject) {
    precondition(
      UInt(bitPattern: elements.baseAddress) % UInt(Self.alignment) == 0,
      "lent memory is not aligned")
    unsafe storage = unsafe elements
    self.owner = owner
  }

  deinit {
    guard owner == nil else { return }
    unsafe UnsafeMutableRawPointer(mutating: UnsafeRawPointer(storage.baseAddress))?.deallocate()
  }

  /// The number of elements.
  @inlinable
  public var count: Int { unsafe storage.count }

  /// The elements, to read.
  @inlinable
  public var span: Span<Element> {
    @_lifetime(borrow self)
    get {
      unsafe _overrideLifetime(
        Span(_unsafeElements: UnsafeBufferPointer(storage)), borrowing: self)
    }
  }

  /// The elements, to read and write.
  @inlinable
  public var mutableSpan: MutableSpan<Element> {
    @_lifetime(&self)
    mutating get {
      unsafe _overrideLifetime(MutableSpan(_unsafeElements: storage), mutating: &self)
    }
  }

  /// The elements of a range, to read and write.
  ///
  /// - Precondition: `range` lies within the buffer.
  @inlinable
  @_lifetime(&self)
  public mutating func mutableSpan(in range: Range<Int>) -> MutableSpan<Element> {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside the buffer")
    return unsafe _overrideLifetime(
      MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: storage[range])),
      mutating: &self)
  }

  /// Lends the elements to a closure, to read; for owners that are classes.
  @inlinable
  public func withSpan<Result, Failure: Error>(
    _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(span)
  }

  /// Lends the elements to a closure, to read and write; for owners that are classes.
  @inlinable
  public mutating func withMutableSpan<Result, Failure: Error>(
    _ body: (consuming MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(mutableSpan)
  }

  /// Lends the elements of a range to a closure, to read and write; for owners that are classes.
  ///
  /// - Precondition: `range` lies within the buffer.
  @inlinable
  public mutating func withMutableSpan<Result, Failure: Error>(
    in range: Range<Int>, _ body: (consuming MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(mutableSpan(in: range))
  }

  /// The elements for a kernel that works on several buffers at once.
  ///
  /// The address stays the same for the life of the buffer. Unsafe: nothing keeps the pointer from
  /// outliving the buffer, or two users from writing at once.
  @unsafe
  @inlinable
  package var unsafeElements: UnsafeMutableBufferPointer<Element> { unsafe storage }

  /// One element.
  ///
  /// - Precondition: `index` lies within the buffer.
  @inlinable
  public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "index outside the buffer")
      return unsafe storage[index]
    }
    set {
      precondition(index >= 0 && index < count, "index outside the buffer")
      unsafe storage[index] = newValue
    }
  }

  /// Sets every element.
  ///
  /// - Complexity: O(`count`).
  @inlinable
  public mutating func fill(with value: Element) {
    unsafe storage.update(repeating: value)
  }

  /// Takes the elements of another buffer.
  ///
  /// - Precondition: Both counts are equal.
  /// - Complexity: O(`count`).
  public mutating func copy(from other: borrowing AlignedBuffer) {
    precondition(other.count == count, "\(other.count) elements for \(count)")
    guard let source = unsafe other.storage.baseAddress, let target = unsafe storage.baseAddress
    else { return }
    unsafe target.update(from: source, count: count)
  }
}

extension AlignedBuffer: @unchecked Sendable where Element: Sendable {}

/// The bytes of a huge page of x86-64 and, with pages of 4 kB, of arm64.
private let hugePageBytes = 1 << 21
