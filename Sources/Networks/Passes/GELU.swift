/// x · Φ(x) in its tanh form, of numbers in the arena: 0.5 x (1 + tanh u) = x / (1 + e^(−2u)) with
/// u = √(2/π) (x + 0.044715 x³).
///
/// oneDNN 2.6 takes several times as long. The last vector may reach beyond the numbers, into what
/// rounds a tensor's place in the arena up.
@safe
struct GELU {
  /// The number of numbers.
  let count: Int

  private static let cubic: Float = 0.044_715
  /// 2 √(2/π).
  private static let factor: Float = 1.595_769_1

  func forward(_ input: UnsafeMutablePointer<Float>, into output: UnsafeMutablePointer<Float>) {
    let input = unsafe Float.vectors(input)
    let output = unsafe Float.vectors(output)
    for index in 0..<WeightRow.vectors(count) {
      let number = unsafe input[index]
      unsafe output[index] = number * Self.gate(number)
    }
  }

  /// Sets the gradient by the input: with s = 1 / (1 + e^(−2u)) that by the output times
  /// s + x s (1 − s) (2u)'.
  func backward(
    _ input: UnsafeMutablePointer<Float>, _ arriving: UnsafeMutablePointer<Float>,
    into result: UnsafeMutablePointer<Float>
  ) {
    let input = unsafe Float.vectors(input)
    let arriving = unsafe Float.vectors(arriving)
    let result = unsafe Float.vectors(result)
    for index in 0..<WeightRow.vectors(count) {
      let number = unsafe input[index]
      let gate = Self.gate(number)
      let slope = Self.factor * (1 + 3 * Self.cubic * number * number)
      unsafe result[index] = arriving[index] * (gate + number * gate * (1 - gate) * slope)
    }
  }

  /// 1 / (1 + e^(−2u)), by powers that do not overflow.
  @inline(__always)
  private static func gate(_ number: Lanes) -> Lanes {
    let double = factor * number * (1 + cubic * number * number)
    let isNegative = double .< 0
    let power = exponential(double.replacing(with: -double, where: .!isNegative))
    return Lanes(repeating: 1).replacing(with: power, where: isNegative) / (1 + power)
  }
}
