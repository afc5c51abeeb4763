import Voting

/// An optimizer whose step is agreed on by all ranks.
///
/// A step is begun with the own gradient, waits for the others and is then applied: the same
/// update on every rank. All three calls are collective in the order of the steps.
protocol DistributedOptimizer: AnyObject {
  /// Takes the own gradient in and starts to send.
  ///
  /// - Parameters:
  ///   - state: The parameters and the own gradient.
  ///   - control: The own control block; what the gradient says about itself is added.
  func begin(_ state: ModelState, control: inout ControlBlock) throws

  /// Waits until something has come from all ranks.
  func wait(_ patience: Patience) throws

  /// Applies what all ranks agreed on.
  func apply(to state: ModelState, learningRate: Double)

  /// The control blocks of all ranks in this step.
  var controls: [ControlBlock] { get }

  /// What this rank sent and received in this step.
  var traffic: Traffic { get }
}
