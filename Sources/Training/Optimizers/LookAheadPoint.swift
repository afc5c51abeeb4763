import AlignedBuffers
import SignBits
import SignDescent

/// The point z = w + θ/(1−θ)·(w − w_prev) at which `signum-extrapolated` takes its gradients.
///
/// Memory: 4 bytes per parameter in either form.
final class LookAheadPoint {
  /// How the point comes about.
  enum Form: String {
    /// From the last verdict: w − w_prev = −γ·verdict at a constant γ without decay.
    case rebuilt
    /// From the previous parameters, which are kept.
    case stored
  }

  /// How the point comes about.
  let form: Form
  private let lookAhead: LookAhead
  /// z; between steps, in the stored form, w_prev.
  private(set) var point: AlignedBuffer<Float>
  private var isFirst = true
  /// Whether `point` is the z of the next step already.
  private var isReady = false
  private var learningRate = 0.0

  init(form: Form, momentum: Double, count: Int) {
    self.form = form
    lookAhead = LookAhead(momentum: momentum)
    point = AlignedBuffer(repeating: 0, count: count)
  }

  /// Moves to z, given the verdict of the step before.
  func prepare(_ state: ModelState, verdict: borrowing SignPlanes) {
    if isReady { return }
    isReady = true
    if isFirst {
      copy(state)
      isFirst = false
      return
    }
    state.parameters.withSpan { parameters in
      point.withMutableSpan { point in
        switch form {
        case .rebuilt:
          lookAhead.rebuild(
            parameters, verdict: verdict, learningRate: learningRate, into: point)
        case .stored: lookAhead.extrapolate(parameters, point: point)
        }
      }
    }
  }

  /// Keeps what the next point needs, before the parameters are moved.
  func remember(_ state: ModelState, learningRate: Double) {
    self.learningRate = learningRate
    isReady = false
    if form == .stored { copy(state) }
  }

  /// Lends the z of the next step, to be saved or restored.
  func withState(
    _ state: ModelState, verdict: borrowing SignPlanes, _ body: StateVisitor
  ) throws {
    prepare(state, verdict: verdict)
    try point.visit("pointAhead", .shared, body)
  }

  private func copy(_ state: ModelState) {
    point.copy(from: state.parameters)
  }
}
