public import AlignedBuffers
internal import Foundation

/// The loss of multinomial classification, in Double.
public enum SoftmaxCrossEntropy {
  /// Loss, prediction and gradient of one sample.
  ///
  /// With z the scores and y the label, the loss is ln Σ exp(z_k − z_max) + z_max − z_y, and its
  /// gradient, which replaces the scores, exp(z_k − z_max) / Σ exp(z_j − z_max) − [k = y]. Sums run
  /// over ascending k. A score that is NaN or +infinity makes the loss NaN. With smoothing ε and K
  /// classes the label counts 1 − ε, and each class ε/K more.
  ///
  /// - Parameters:
  ///   - scores: One score a class; replaced by the gradient.
  ///   - label: The sample's class.
  ///   - smoothing: ε, in [0, 1).
  /// - Returns: The loss, and the class of the highest score (the lowest class of equal ones).
  /// - Precondition: `label` lies in 0..<`scores.count`.
  public static func replaceByGradient(
    _ scores: inout AlignedBuffer<Double>, label: Int32, smoothing: Double = 0
  ) -> (loss: Double, prediction: Int32) {
    precondition(label >= 0 && Int(label) < scores.count, "label \(label) outside the classes")
    var prediction = 0
    for index in 1..<max(1, scores.count) where scores[index] > scores[prediction] {
      prediction = index
    }
    let highest = scores[prediction]
    var margin = highest - scores[Int(label)]
    let share = smoothing / Double(scores.count)
    if smoothing > 0 {
      let margins = (0..<scores.count).reduce(0.0) { $0 + highest - scores[$1] }
      margin = (1 - smoothing) * margin + share * margins
    }
    var total = 0.0
    for index in 0..<scores.count {
      let weight = exp(scores[index] - highest)
      scores[index] = weight
      total += weight
    }
    for index in 0..<scores.count {
      scores[index] = scores[index] / total - share
    }
    scores[Int(label)] -= 1 - smoothing
    return (log(total) + margin, Int32(prediction))
  }
}
