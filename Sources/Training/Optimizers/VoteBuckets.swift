import Objectives
import SignBits

/// The parts of a vote that begin one after the other, while the gradient is computed from the last
/// tensor to the first.
///
/// A bucket is whole tensors, but that a block of 4096 coordinates in which two of them meet belongs
/// to the later bucket: so nothing goes out before all of it is final.
struct VoteBuckets {
  /// A bucket has at least so many coordinates, but the last: smaller ones cost more in messages
  /// than they hide.
  private static let minimumCount = 1 << 18

  /// The blocks of each bucket, in order.
  let blocks: [Range<Int>]
  /// The first coordinate of each bucket's tensors: it is complete when the gradient is, from there
  /// on.
  let starts: [Int]

  /// The buckets of a layout; nil where there would be one only.
  init?(_ layout: ParameterLayout) {
    let blockSize = 64 * Tally.blockPlaneWords
    var starts: [Int] = []
    var end = layout.count
    for tensor in layout.tensors.reversed() {
      let start = tensor.range.lowerBound
      guard end - start >= Self.minimumCount || start == 0 else { continue }
      starts.append(start)
      end = start
    }
    guard starts.count > 1 else { return nil }
    func blocks(below coordinate: Int) -> Int { (coordinate + blockSize - 1) / blockSize }
    let ends = [layout.count] + starts.dropLast()
    self.starts = starts
    self.blocks = zip(starts, ends).map { blocks(below: $0)..<blocks(below: $1) }
  }
}
