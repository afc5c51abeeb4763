import AlignedBuffers
import Objectives
import SignDescent
import Voting

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

  /// Visits the tensors whose gradient is not finite and counts them in a control block.
  func forEachTensorNotFinite(
    _ control: inout ControlBlock, _ body: (Range<Int>) -> Void
  ) {
    for (number, tensor) in layout.tensors.enumerated()
    where !isFinite(gradient.span, in: tensor.range) {
      body(tensor.range)
      if control.abstainedTensors == 0 { control.firstAbstainedTensor = UInt32(number) }
      control.abstainedTensors += 1
    }
  }
}
