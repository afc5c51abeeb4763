internal import CounterRandom
internal import Foundation

extension RandomStream {
  /// The logarithm of a gamma variate of scale 1, by Marsaglia and Tsang.
  ///
  /// With d = a - 1/3 for a = `shape`, or for a = `shape` + 1 where that is below 1, attempt
  /// k = 0, 1, … draws x = `normal(at: j)` and u = 1 - `uniform(at: 2 j + 2)` with
  /// j = 2^31 + 2 (256 `index` + k). It gives d v with v = (1 + x/√(9 d))³ if v > 0 and
  /// u < 1 - 0.0331 x⁴ or ln u < x²/2 + d (1 - v + ln v); more than 92 % of attempts do. A shape
  /// below 1 multiplies by U^(1/shape), U = 1 - `uniform(at: 2 j + 3)`: hence the logarithm, as a
  /// small shape's variates are below every Double.
  ///
  /// The words below 2^32 are left to permutations.
  ///
  /// Source: Marsaglia, Tsang, "A Simple Method for Generating Gamma Variables", ACM Transactions
  /// on Mathematical Software 26 (2000).
  ///
  /// - Precondition: `shape` is positive and finite; `index` lies in 0..<2^31.
  func logarithmOfGamma(shape: Double, at index: Int) -> Double {
    precondition(shape > 0 && shape.isFinite, "a gamma variate of the shape \(shape)")
    let isBoosted = shape < 1
    let d = (isBoosted ? shape + 1 : shape) - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    var block = (1 << 31) + 512 * index
    while true {
      let x = normal(at: block)
      let u = 1 - uniform(at: 2 * block + 2)
      let root = 1 + c * x
      let v = root * root * root
      if root > 0,
        u < 1 - 0.0331 * (x * x) * (x * x) || log(u) < x * x / 2 + d * (1 - v + log(v))
      {
        let logarithm = log(d) + log(v)
        let boost = isBoosted ? log(1 - uniform(at: 2 * block + 3)) / shape : 0
        return logarithm + boost
      }
      block += 2
    }
  }
}
