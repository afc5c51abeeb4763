import Voting

/// An optimizer whose step is agreed on by all ranks.
///
/// A step is begun with the own gradients, waits for the others and is then applied: the same
/// update on every rank. All three calls are collective in the order of the steps.
protocol DistributedOptimizer: AnyObject {
  /// Computes the gradients of the hosted voters and starts to send what follows from them.
  ///
  /// - Parameters:
  ///   - state: The parameters, and room for a gradient.
  ///   - source: Where gradients come from.
  ///   - learningRate: γ of this step.
  ///   - control: The own control block; what the gradients say about themselves is added.
  func begin(
    _ state: ModelState, from source: GradientSource, learningRate: Double,
    control: inout ControlBlock) throws

  /// Waits until something has come from all ranks.
  func wait(_ patience: Patience) throws

  /// Applies what all ranks agreed on.
  func apply(to state: ModelState, learningRate: Double)

  /// Lends every tensor of the state that is not in the parameters, to be saved or restored.
  ///
  /// Between two steps, or before the first one, which then goes on from what was written. Local;
  /// always the same tensors in the same order.
  func withState(_ state: ModelState, _ body: StateVisitor) throws

  /// The control blocks of all ranks in this step.
  var controls: [ControlBlock] { get }

  /// What this rank sent and received in this step.
  var traffic: Traffic { get }

  /// What the user should know about the way in which ranks agree.
  var notice: String? { get }
}

extension DistributedOptimizer {
  var notice: String? { nil }
}
