extension RandomStream {
  /// A random order of 0..<`count`, by Fisher and Yates.
  ///
  /// To the bit: start with 0, 1, …; for i = `count` - 1 down to 1 exchange element i with
  /// element `below(i + 1, at: i)`.
  ///
  /// - Precondition: `count` lies in 0...Int32.max.
  /// - Complexity: O(`count`).
  public func permutation(count: Int) -> [Int32] {
    var order = [Int32](0..<Int32(count))
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, below(last + 1, at: last))
    }
    return order
  }
}
