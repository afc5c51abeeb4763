import CounterRandom
import SignBits
import TestSupport

extension Dice {
  /// An ordinary number, or with `odd` sometimes a zero, a denormal or one beside the smallest
  /// normal.
  mutating func finite(odd: Bool) -> Float {
    let ordinary = (Float(roll(1 << 24)) - Float(1 << 23)) * 0x1p-22
    guard odd, roll(3) == 0 else { return ordinary }
    let tiny = Float(roll(64)) * .leastNormalMagnitude / 16
    return [0, -0.0, tiny, -tiny, 1e38, -1e38][roll(6)]
  }

  /// Also NaN and the infinities, once in `rarity`.
  mutating func any(rarity: Int) -> Float {
    guard roll(rarity) == 0 else { return finite(odd: true) }
    return [Float.nan, -.nan, .infinity, -.infinity, Float(bitPattern: 0xFFFF_FFFF)][roll(5)]
  }
}

/// The bits of numbers, which tell zeros and NaNs apart.
func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

/// All signs of planes.
func list(_ planes: borrowing SignPlanes) -> [Int] { (0..<planes.count).map { planes[$0] } }

/// Planes with these signs.
func planes(_ signs: [Int]) -> SignPlanes {
  var planes = SignPlanes(count: signs.count)
  for (index, sign) in signs.enumerated() { planes[index] = sign }
  return planes
}

/// Rounds an exact number to Float32.
///
/// A product of two Float32 is exact in Double.
func rounded(_ exact: Double) -> Float { Float(exact) }
