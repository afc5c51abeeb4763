import Networks
import Objectives
import Testing

/// Compares some coordinates of each tensor's gradient, the first and the last among them, with
/// central differences of a loss.
///
/// - Parameter tolerance: The largest difference, by the value that is expected.
func expectCentralDifferences(
  _ gradient: [Float], _ layout: ParameterLayout, at point: [Double], coordinates: Int,
  tolerance: (Double) -> Double, loss: ([Double]) -> Double
) {
  let step = 1e-6
  for tensor in layout.tensors {
    for part in 0..<coordinates {
      let index = tensor.range.lowerBound + (tensor.range.count - 1) * part / (coordinates - 1)
      var up = point
      var down = point
      up[index] += step
      down[index] -= step
      let difference = (loss(up) - loss(down)) / (2 * step)
      #expect(
        abs(Double(gradient[index]) - difference) < tolerance(difference),
        "\(tensor.name), coordinate \(index - tensor.range.lowerBound)")
    }
  }
}

/// Compares a network's loss, and some coordinates of each tensor's gradient, with the naive one.
func expectLossAndGradient(
  of network: Network, as naive: NaiveNetwork, at parameters: [Float], _ samples: Samples,
  _ batch: borrowing Batch, coordinates: Int
) throws {
  let result = try network.gradient(at: parameters, on: batch)
  let exact = parameters.map { Double($0) }
  let loss = naive.meanLoss(exact, samples)
  #expect(abs(result.loss - loss) < 1e-5 * max(1, loss))
  expectCentralDifferences(
    result.gradient, network.layout, at: exact, coordinates: coordinates,
    tolerance: { 2e-5 * max(1, abs($0)) }, loss: { naive.meanLoss($0, samples) })
  #expect(result.gradient.allSatisfy { $0.isFinite })
}
