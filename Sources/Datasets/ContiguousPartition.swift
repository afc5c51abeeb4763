/// The division of 0..<`count` into contiguous parts whose sizes differ by at most one, the larger
/// first.
///
/// It is used for `--batch full` (rank r computes the gradient of the r-th part of the training
/// set in every step) and for evaluation (rank r evaluates the r-th part). To the bit: with
/// q = `count` div `parts` and m = `count` mod `parts`, part r starts at r · q + min(r, m) and has
/// q + 1 elements where r < m, else q.
public struct ContiguousPartition: Hashable, Sendable {
  /// The number of elements divided.
  public let count: Int
  /// The number of parts.
  public let parts: Int

  /// A division.
  ///
  /// - Precondition: `count` is not negative, `parts` is positive.
  public init(count: Int, parts: Int) {
    precondition(count >= 0 && parts > 0, "cannot divide \(count) into \(parts) parts")
    self.count = count
    self.parts = parts
  }

  /// A part; empty where there are fewer elements than parts.
  ///
  /// - Precondition: `index` lies in 0..<`parts`.
  public subscript(index: Int) -> Range<Int> {
    precondition(index >= 0 && index < parts, "part \(index) outside 0..<\(parts)")
    let (size, larger) = count.quotientAndRemainder(dividingBy: parts)
    let start = index * size + min(index, larger)
    return start..<start + size + (index < larger ? 1 : 0)
  }
}
