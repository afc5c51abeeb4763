extension Tally {
  /// Words that are counted at once: the bits of 512 coordinates in one plane.
  typealias Lanes = SIMD8<UInt64>

  /// Adds three bits: their sum and what carries into the next plane.
  @inline(__always)
  static func add(_ a: Lanes, _ b: Lanes, _ c: Lanes) -> (sum: Lanes, carry: Lanes) {
    let half = a ^ b
    return (half ^ c, (a & b) | (half & c))
  }

  /// Planes of ballots that lie anywhere among some words.
  @unsafe
  struct Planes {
    /// The words.
    let words: UnsafePointer<UInt64>
    let wordCount: Int
    /// Where the plane of each ballot starts, in words, or a negative number where it has none.
    let starts: UnsafePointer<Int>

    /// A group of eight words of the plane of a ballot; unless it is whole for sure, 0 behind the end
    /// of the words.
    @inline(__always)
    func lanes(_ ballot: Int, group: Int, isWhole: Bool) -> Lanes {
      let start = unsafe starts[ballot]
      guard start >= 0 else { return Lanes(repeating: 0) }
      let word = start &+ 8 &* group
      return unsafe isWhole ? words.lanes(at: word) : words.lanes(at: word, of: wordCount)
    }
  }

  /// Counts of the bits of ballots: the lowest three planes in registers, the others in memory.
  @unsafe
  struct Counter {
    private var ones = Lanes(repeating: 0)
    private var twos = Lanes(repeating: 0)
    private var fours = Lanes(repeating: 0)
    private let higher: UnsafeMutableBufferPointer<Lanes>

    /// The planes beyond the lowest three that counts up to a number take.
    static func higherPlanes(ballots: Int) -> Int {
      max(0, Int.bitWidth - ballots.leadingZeroBitCount - 3)
    }

    /// Counts of 0 in registers and in this memory.
    @inline(__always)
    init(higher: UnsafeMutableBufferPointer<Lanes>) {
      unsafe self.higher = unsafe higher
      unsafe higher.initialize(repeating: Lanes(repeating: 0))
    }

    /// Adds a bit of each of the first ballots, of four ballots with three adders.
    @inline(__always)
    mutating func count(_ ballots: Int, of planes: Planes, group: Int, isWhole: Bool) {
      let zero = Lanes(repeating: 0)
      for first in stride(from: 0, to: ballots, by: 4) {
        let left = ballots &- first
        let a = unsafe planes.lanes(first, group: group, isWhole: isWhole)
        let b = unsafe left > 1 ? planes.lanes(first &+ 1, group: group, isWhole: isWhole) : zero
        let c = unsafe left > 2 ? planes.lanes(first &+ 2, group: group, isWhole: isWhole) : zero
        let d = unsafe left > 3 ? planes.lanes(first &+ 3, group: group, isWhole: isWhole) : zero
        let two = unsafe add(ones, a, b)
        let four = add(two.sum, c, d)
        let pairs = unsafe add(twos, two.carry, four.carry)
        unsafe (ones, twos) = (four.sum, pairs.sum)
        var carry = unsafe fours & pairs.carry
        unsafe fours ^= pairs.carry
        for plane in unsafe higher.indices {
          let sum = unsafe higher[plane] ^ carry
          carry &= unsafe higher[plane]
          unsafe higher[plane] = sum
        }
      }
    }

    /// Halves the counts: what they count next weighs twice as much.
    ///
    /// - Returns: The bits that are lost.
    @inline(__always)
    mutating func halve() -> Lanes {
      let lowest = unsafe ones
      unsafe (ones, twos, fours) = unsafe (twos, fours, higher.first ?? Lanes(repeating: 0))
      for plane in unsafe higher.indices {
        unsafe higher[plane] =
          unsafe plane + 1 < higher.count ? higher[plane + 1] : Lanes(repeating: 0)
      }
      return lowest
    }

    /// Compares the counts, from a plane of the limit on.
    @inline(__always)
    func compare(in comparison: inout Comparison, from plane: Int) {
      unsafe comparison.add(ones, plane: plane)
      unsafe comparison.add(twos, plane: plane + 1)
      unsafe comparison.add(fours, plane: plane + 2)
      for index in unsafe higher.indices {
        unsafe comparison.add(higher[index], plane: plane + 3 + index)
      }
    }
  }

  /// Where counts are greater than a limit and where they equal it, from the lowest plane up.
  ///
  /// Bits behind the last coordinate count 0, which is less than any limit of a tie: they stay 0.
  struct Comparison {
    private let limit: Int
    /// Where the planes so far are greater than the limit's, or equal it and a coin shows heads.
    private(set) var isGreater: Lanes
    private(set) var isEqual = Lanes(repeating: .max)

    @inline(__always)
    init(limit: Int, heads: Lanes) {
      self.limit = limit
      isGreater = heads
    }

    /// Takes the next plane into account.
    @inline(__always)
    mutating func add(_ bits: Lanes, plane: Int) {
      if limit >> plane & 1 == 1 {
        isGreater &= bits
        isEqual &= bits
      } else {
        isGreater |= bits
        isEqual &= ~bits
      }
    }
  }
}

extension UnsafePointer<UInt64> {
  /// Eight words from a word on.
  @inline(__always)
  func lanes(at word: Int) -> Tally.Lanes {
    unsafe UnsafeRawPointer(self).loadUnaligned(fromByteOffset: 8 &* word, as: Tally.Lanes.self)
  }

  /// Eight words from a word on; 0 behind the last of so many.
  func lanes(at word: Int, of count: Int) -> Tally.Lanes {
    if word &+ 8 <= count { return unsafe lanes(at: word) }
    var lanes = Tally.Lanes(repeating: 0)
    for lane in 0..<count - word { lanes[lane] = unsafe self[word + lane] }
    return lanes
  }
}
