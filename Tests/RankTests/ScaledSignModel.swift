/// Error feedback on N workers as its definition has it, all workers in one place, on plain numbers.
///
/// Shares no code with the program: each coordinate by itself, each rounding written out.
struct ScaledSignModel {
  let tensors: [Range<Int>]
  let ranks: Int
  /// e by rank and coordinate.
  var workerErrors: [[Float]]
  /// E by coordinate.
  var errors: [Float]
  /// Of the last step: the signs and scales that each rank sent, those of the mean.
  var signs: [[Int]]
  var scales: [[Float]]
  var meanSigns: [Int]
  var meanScales: [Float]

  init(tensors: [Range<Int>], ranks: Int) {
    let count = tensors.last?.upperBound ?? 0
    self.tensors = tensors
    self.ranks = ranks
    workerErrors = Array(repeating: Array(repeating: 0, count: count), count: ranks)
    errors = Array(repeating: 0, count: count)
    signs = Array(repeating: Array(repeating: 1, count: count), count: ranks)
    scales = Array(repeating: Array(repeating: 0, count: tensors.count), count: ranks)
    meanSigns = Array(repeating: 1, count: count)
    meanScales = Array(repeating: 0, count: tensors.count)
  }

  /// One step; a rank without a gradient sends the scale 0 and keeps its errors.
  mutating func step(_ gradients: [[Float]?], rate: Double) {
    for rank in 0..<ranks {
      for (number, tensor) in tensors.enumerated() {
        send(gradients[rank], tensor, number, from: rank, rate: Float(rate))
      }
    }
    guard ranks > 1 else {
      meanSigns = signs[0]
      meanScales = scales[0]
      return
    }
    for (number, tensor) in tensors.enumerated() { average(tensor, number) }
  }

  private mutating func send(
    _ gradient: [Float]?, _ tensor: Range<Int>, _ number: Int, from rank: Int, rate: Float
  ) {
    scales[rank][number] = 0
    guard let gradient, gradient[tensor].allSatisfy(\.isFinite) else { return }
    let p = tensor.map { index in
      let slope: Float = rate * gradient[index]
      return Float(Double(slope) + Double(workerErrors[rank][index]))
    }
    let scale = Self.norm(p, from: tensor.lowerBound)
    scales[rank][number] = scale
    for (index, value) in zip(tensor, p) {
      signs[rank][index] = value < 0 ? -1 : 1
      workerErrors[rank][index] = value - (value < 0 ? -scale : scale)
    }
  }

  private mutating func average(_ tensor: Range<Int>, _ number: Int) {
    let means = tensor.map { index in
      var sum: Float = 0
      for rank in 0..<ranks { sum += scales[rank][number] * Float(signs[rank][index]) }
      return sum / Float(ranks) + errors[index]
    }
    let scale = Self.norm(means, from: tensor.lowerBound)
    meanScales[number] = scale
    for (index, value) in zip(tensor, means) {
      meanSigns[index] = value < 0 ? -1 : 1
      errors[index] = value - (value < 0 ? -scale : scale)
    }
  }

  /// ‖values‖₁ / d: in Double, block by block of 4,096.
  private static func norm(_ values: [Float], from first: Int) -> Float {
    var blocks = [Double](repeating: 0, count: (first + values.count) / 4096 + 1)
    for (place, value) in values.enumerated() {
      blocks[(first + place) / 4096] += Double(abs(value))
    }
    let total = blocks.reduce(0, +)
    return Float(total / Double(values.count))
  }

  /// Moves parameters.
  func apply(to parameters: inout [Float], rate: Double, decay: Double) {
    let shrink = Float(1 - rate * decay)
    for (number, tensor) in tensors.enumerated() {
      for index in tensor {
        let kept = decay == 0 ? parameters[index] : shrink * parameters[index]
        parameters[index] = kept - meanScales[number] * Float(meanSigns[index])
      }
    }
  }
}
