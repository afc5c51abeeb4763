import AlignedBuffers

/// The parameters of the step before, and the gradient at them: what `ssvr` needs.
///
/// Memory: 8 bytes per parameter.
final class PreviousPoint {
  private var parameters: AlignedBuffer<Float>
  /// The gradient of the samples of this step at the parameters of the step before.
  private(set) var gradient: AlignedBuffer<Float>
  private var isFirst = true

  init(count: Int) {
    parameters = AlignedBuffer(repeating: 0, count: count)
    gradient = AlignedBuffer(repeating: 0, count: count)
  }

  /// Before the first step the previous parameters are the present ones.
  func prepare(_ state: ModelState) {
    if isFirst { remember(state) }
    isFirst = false
  }

  /// Computes the gradient on the batch that was drawn last.
  func compute(from source: GradientSource) throws {
    try parameters.withSpan { try source.repeated(at: $0, into: &gradient) }
  }

  /// Keeps the parameters, before they are moved.
  func remember(_ state: ModelState) {
    parameters.copy(from: state.parameters)
  }

  /// Lends the previous parameters, to be saved or restored.
  func withState(_ state: ModelState, _ body: StateVisitor) throws {
    prepare(state)
    try parameters.visit("previousParameters", .shared, body)
  }
}
