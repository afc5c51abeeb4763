import Networks
import Objectives

/// How learning rates depend on a network's widths (`--lr-scaling`).
///
/// An update whose size does not depend on the gradient's moves each sum of a matrix by about γ times
/// its inputs. With `fanIn` it moves as much at any width, and a γ suits more of them: the scaling of
/// hidden matrices in Yang et al., "Tensor Programs V: Tuning Large Neural Networks via
/// Zero-Shot Hyperparameter Transfer", 2022, table 3, for Adam. Gradient descent, whose steps shrink
/// with the gradient, needs another one.
public enum LearningRateScaling: String, CaseIterable, Sendable {
  /// The same rate for all tensors.
  case none
  /// γ · 256 / fan-in for hidden matrices, fan-in the inputs of a sum: channels · rows · columns in
  /// convolutions.
  ///
  /// Hidden are the tensors of two or more dimensions but those of the first layer that has any, whose
  /// inputs are the data or which is an embedding, and that of the scores. These, biases, scales and
  /// shifts keep γ. (The paper scales the scores' matrix too, and its initial weights.)
  case fanIn = "fan-in"

  /// What γ is multiplied by, for each tensor of a network.
  func factors(of outline: NetworkOutline) -> [Double] {
    let matrices = outline.layout.tensors.filter { $0.shape.count >= 2 }
    let isTied = outline.model.layers.last == .unembedding(tied: true)
    let others = [matrices.first?.layer, isTied ? nil : matrices.last?.layer]
    return outline.layout.tensors.map { tensor in
      let isHidden = tensor.shape.count >= 2 && !others.contains(tensor.layer)
      guard self == .fanIn, isHidden else { return 1 }
      return 256 / Double(tensor.shape.dropFirst().reduce(1, *))
    }
  }
}

extension NamedTensor {
  /// The layer's part of the name.
  fileprivate var layer: Substring { name.prefix { $0 != "." } }
}
