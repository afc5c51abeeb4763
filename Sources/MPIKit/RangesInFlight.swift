/// Which parts of a buffer operations in flight read or write; a fixed number of slots.
///
/// The rule is the one of exclusive access: readers may overlap, a writer overlaps nothing.
package struct RangesInFlight {
  /// What somebody does with a range.
  package enum Access: Sendable {
    /// The range is only read.
    case read
    /// The range is written, perhaps read too.
    case write
  }

  private struct Slot {
    var range: Range<Int>
    var access: Access
    /// A second range that the operation only reads.
    var source: Range<Int>?

    func allows(_ other: Access, to range: Range<Int>) -> Bool {
      (other == .read && access == .read || !self.range.overlaps(range))
        && (other == .read || source.map { !$0.overlaps(range) } ?? true)
    }
  }

  private var slots: [Slot?]
  /// The number of slots in use.
  package private(set) var count = 0

  /// All slots free.
  package init(slots: Int) {
    precondition(slots > 0, "a buffer has at least one slot")
    self.slots = Array(repeating: nil, count: slots)
  }

  /// The number of slots that are free.
  package var freeCount: Int { slots.count - count }

  /// Whether an access to a range meets no operation in flight that it must not meet.
  ///
  /// - Complexity: O(slots), O(1) where nothing is in flight.
  package func allows(_ access: Access, to range: Range<Int>) -> Bool {
    guard count > 0 else { return true }
    return slots.allSatisfy { $0?.allows(access, to: range) ?? true }
  }

  /// Ends the process and says why, in release builds too: among many ranks a bare signal says little.
  static func trap(_ range: Range<Int>) -> Never {
    fatalError("\(range) of the buffer is in use by an operation in flight")
  }

  /// Takes a slot for a range, and for a source that the same operation reads; the slot's index.
  ///
  /// - Precondition: The access is allowed and a slot is free.
  package mutating func claim(
    _ range: Range<Int>, for access: Access, reading source: Range<Int>? = nil
  ) -> Int {
    guard allows(access, to: range) else { Self.trap(range) }
    guard let index = slots.firstIndex(where: { $0 == nil }) else {
      fatalError("more operations in flight than the buffer has slots: \(slots.count)")
    }
    slots[index] = Slot(range: range, access: access, source: source)
    count += 1
    return index
  }

  /// Gives a slot back.
  ///
  /// - Precondition: The slot is in use.
  package mutating func release(_ index: Int) {
    precondition(slots[index] != nil, "slot \(index) is not in use")
    slots[index] = nil
    count -= 1
  }
}
