import Networks
import Objectives

/// Neighbouring parameters that an update moves with the same learning rate and weight decay.
struct UpdatePart: Equatable {
  /// Their coordinates.
  let coordinates: Range<Int>
  /// What γ is multiplied by.
  let rateFactor: Double
  /// λ.
  let weightDecay: Double
}

extension TrainingOptions {
  /// The parts of the parameters in their order, each as long as can be.
  func updateParts(of objective: any Objective) -> [UpdatePart] {
    let layout = objective.layout
    let factors = (objective as? Network).map { learningRateScaling.factors(of: $0.outline) }
    var parts: [UpdatePart] = []
    for (number, tensor) in layout.tensors.enumerated() {
      let factor = factors?[number] ?? 1
      let decay = layout.isDecayed(tensor) ? weightDecay : 0
      var start = tensor.range.lowerBound
      if let last = parts.last, last.rateFactor == factor, last.weightDecay == decay {
        start = parts.removeLast().coordinates.lowerBound
      }
      parts.append(
        UpdatePart(
          coordinates: start..<tensor.range.upperBound, rateFactor: factor, weightDecay: decay))
    }
    return parts
  }
}
