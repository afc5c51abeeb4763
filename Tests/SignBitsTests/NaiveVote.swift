import AlignedBuffers
import CounterRandom
import SignBits
import TestSupport

extension Dice {
  /// A sign; with `abstains` in 0, 1, 2 never, sometimes or always 0.
  mutating func sign(abstains: Int) -> Int {
    if abstains == 2 || abstains == 1 && roll(4) == 0 { return 0 }
    return roll(2) == 0 ? 1 : -1
  }
}

/// The vote as mathematics has it, on plain numbers.
enum NaiveVote {
  /// The verdict of one coordinate.
  static func verdict(_ signs: [Int], rule: SignRule, coordinate: Int, seed: UInt64, step: Int)
    -> Int
  {
    let sum = signs.reduce(0, +)
    if sum != 0 { return sum > 0 ? 1 : -1 }
    switch rule {
    case .exact: return 0
    case .positive: return 1
    case .fair: return coin(coordinate: coordinate, seed: seed, step: step)
    }
  }

  /// The coin of a coordinate, from the documented words of the stream.
  static func coin(coordinate: Int, seed: UInt64, step: Int) -> Int {
    let held = UInt64(step / 16)
    let word = coordinate / 64
    let block = Philox4x32.block(
      counter: SIMD4(UInt32(word / 2), UInt32(held), 0, 1 << 24),
      key: SIMD2(UInt32(seed % (1 << 32)), UInt32(seed / (1 << 32))))
    let part = block[word % 2 * 2 + coordinate % 64 / 32]
    return part >> UInt32(coordinate % 32) & 1 == 1 ? -1 : 1
  }
}

/// All signs of planes.
func list(_ planes: borrowing SignPlanes) -> [Int] { (0..<planes.count).map { planes[$0] } }

/// Planes with these signs.
func planes(_ signs: [Int]) -> SignPlanes {
  var planes = SignPlanes(count: signs.count)
  for (index, sign) in signs.enumerated() { planes[index] = sign }
  return planes
}

/// Whether the bits behind the last coordinate are 0, masked sign bits are 0, and `hasMask` is
/// true exactly where a coordinate is masked.
func isSound(_ planes: borrowing SignPlanes) -> Bool {
  var anyMask = false
  for word in 0..<planes.wordCount {
    let sign = planes.signs[word]
    let mask = planes.masks[word]
    if sign & mask != 0 { return false }
    if mask != 0 { anyMask = true }
    let filled = planes.count - word * 64
    if filled < 64, (sign | mask) >> UInt64(filled) != 0 { return false }
  }
  return planes.hasMask == anyMask
}
