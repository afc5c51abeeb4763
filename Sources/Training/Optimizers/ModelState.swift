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

  /// Sets the parameters that a run starts from: the seed's, or those of `--start-from`, whose running
  /// statistics become the rank's own.
  ///
  /// A run that goes on from a checkpoint does not need the file any more.
  ///
  /// - Throws: `CheckpointError` when the file is damaged or of another model.
  func start(_ objective: any Objective, _ plan: RunPlan) throws {
    let options = plan.options
    guard plan.position.step == 0, let file = options.startFrom else {
      parameters.withMutableSpan { objective.initialize($0, seed: options.seed) }
      return
    }
    try ModelFile.read(file, into: self, objective.statistics)
    if let statistics = objective.statistics { statistics.own.copy(from: statistics.evaluated) }
  }
}
