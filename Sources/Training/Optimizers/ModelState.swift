import AlignedBuffers
import Objectives

/// The parameters of a run and the gradient at them: 8 bytes per parameter, allocated once.
final class ModelState {
  /// The tensors by name.
  let layout: ParameterLayout
  /// The flat parameters.
  var parameters: AlignedBuffer<Float>
  /// The flat gradient of the own batch.
  var gradient: AlignedBuffer<Float>

  init(layout: ParameterLayout) {
    self.layout = layout
    parameters = AlignedBuffer(repeating: 0, count: layout.count)
    gradient = AlignedBuffer(repeating: 0, count: layout.count)
  }
}
