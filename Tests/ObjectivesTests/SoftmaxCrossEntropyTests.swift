import AlignedBuffers
import Foundation
import Objectives
import Testing

@Suite struct SoftmaxCrossEntropyTests {
  private static let scores = [0.3, -1.2, 2.5, 0.0, 1.1]

  /// Loss and gradient by the definition: the cross-entropy with targets (1 − ε)[k = y] + ε/K.
  private static func naive(_ label: Int, _ smoothing: Double) -> (Double, [Double]) {
    let total = scores.reduce(0) { $0 + exp($1) }
    let probabilities = scores.map { exp($0) / total }
    let targets = scores.indices.map { (1 - smoothing) * ($0 == label ? 1 : 0) + smoothing / 5 }
    let loss = zip(targets, probabilities).reduce(0) { $0 - $1.0 * log($1.1) }
    return (loss, zip(probabilities, targets).map { $0 - $1 })
  }

  @Test(arguments: [0.0, 0.1, 0.9], [0, 2, 4])
  func loss_isTheCrossEntropyWithTheTargets(smoothing: Double, label: Int) {
    var scores = AlignedBuffer<Double>(repeating: 0, count: 5)
    for index in 0..<5 { scores[index] = Self.scores[index] }
    let result = SoftmaxCrossEntropy.replaceByGradient(
      &scores, label: Int32(label), smoothing: smoothing)
    let (loss, gradient) = Self.naive(label, smoothing)
    #expect(abs(result.loss - loss) < 1e-14 && result.prediction == 2)
    for index in 0..<5 { #expect(abs(scores[index] - gradient[index]) < 1e-15) }
  }
}
