import Checkpoints
import Foundation
import Synchronization

/// Faults made on purpose, for the tests of what a run does about them.
///
/// The environment variable `SIGNUM_FAULT` holds `KIND:RANK:STEP`, with `*` for every rank, or what
/// `CheckpointFault` reads:
///
/// - `throw`: the rank throws an error in this step;
/// - `exit`: it leaves the process, without telling MPI;
/// - `kill`, `kill-packed`, `kill-applied`: it is killed by SIGKILL at the start of the step, after
///   its ballot was packed, or between the update and whatever follows it;
/// - `hang`: it stops (SIGSTOP);
/// - `nan-gradient`: one coordinate of the last tensor of its gradient becomes NaN in this step;
/// - `nan-loss`: its loss becomes NaN from this step on;
/// - `zero-gradient`: its gradient is zero from this step on;
/// - `drift`: one of its parameters changes after this step, as memory errors do.
struct FaultInjection: Sendable {
  /// What goes wrong.
  enum Kind: String {
    case `throw`
    case exit
    case kill
    case killPacked = "kill-packed"
    case killApplied = "kill-applied"
    case hang
    case nanGradient = "nan-gradient"
    case nanLoss = "nan-loss"
    case zeroGradient = "zero-gradient"
    case drift
  }

  private let kind: Kind
  private let step: Int

  /// The fault that the environment asks of this rank, if any.
  ///
  /// - Throws: `OptionError` when the variable cannot be read.
  init?(rank: Int, environment: [String: String] = ProcessInfo.processInfo.environment)
    throws(OptionError)
  {
    guard let text = environment["SIGNUM_FAULT"], !text.isEmpty,
      !text.hasPrefix(CheckpointFault.prefix)
    else { return nil }
    let parts = text.split(separator: ":").map(String.init)
    guard parts.count == 3, let kind = Kind(rawValue: parts[0]), let step = Int(parts[2]),
      parts[1] == "*" || Int(parts[1]) != nil
    else {
      throw OptionError("SIGNUM_FAULT must read KIND:RANK:STEP: found '\(text)'")
    }
    if parts[1] != "*", Int(parts[1]) != rank { return nil }
    self.kind = kind
    self.step = step
  }

  /// The faults that end the rank, at the start of a step.
  func strike(atStep step: Int) throws(TrainingError) {
    guard step == self.step else { return }
    switch kind {
    case .throw: throw .injected(step: step)
    case .exit: _exit(3)
    case .kill: kill(getpid(), SIGKILL)
    case .hang: kill(getpid(), SIGSTOP)
    case .killPacked, .killApplied, .nanGradient, .nanLoss, .zeroGradient, .drift: break
    }
  }

  /// The faults that end the rank in the midst of a step.
  func strike(atStep step: Int, after moment: Kind) {
    if kind == moment, step == self.step { kill(getpid(), SIGKILL) }
  }

  /// The faults in the numbers, after the gradient was computed.
  func corrupt(gradient: consuming MutableSpan<Float>, loss: inout Double, atStep step: Int) {
    switch kind {
    case .nanGradient where step == self.step: gradient[gradient.count - 1] = .nan
    case .nanLoss where step >= self.step: loss = .nan
    case .zeroGradient where step >= self.step:
      for index in gradient.indices { gradient[index] = 0 }
    default: break
    }
  }

  /// The fault in memory, after the parameters were updated.
  func corrupt(parameters: consuming MutableSpan<Float>, atStep step: Int) {
    if kind == .drift, step == self.step { parameters[0] += 1 }
  }
}

/// A rank's end in the midst of a checkpoint, for the tests.
///
/// `SIGNUM_FAULT` holds `PHASE:COUNT`: each rank that comes to this phase for the COUNT-th time is
/// killed by SIGKILL. The phases are those of `CheckpointPhase`: `checkpoint-write`,
/// `checkpoint-fsync` for every file, `checkpoint-manifest`, `checkpoint-rename`,
/// `checkpoint-remove` on rank 0.
final class CheckpointFault: Sendable {
  static let prefix = "checkpoint-"

  private let phase: CheckpointPhase
  private let count: Int
  private let passed = Atomic<Int>(0)

  /// The fault that the environment asks for, if any.
  ///
  /// - Throws: `OptionError` when the variable cannot be read.
  init?(environment: [String: String] = ProcessInfo.processInfo.environment) throws(OptionError) {
    guard let text = environment["SIGNUM_FAULT"], text.hasPrefix(Self.prefix) else { return nil }
    let parts = text.split(separator: ":").map(String.init)
    guard parts.count == 2, let phase = CheckpointPhase(rawValue: parts[0]),
      let count = Int(parts[1])
    else {
      throw OptionError("SIGNUM_FAULT must read PHASE:COUNT: found '\(text)'")
    }
    self.phase = phase
    self.count = count
  }

  /// Ends the process when it is time.
  func strike(at phase: CheckpointPhase) {
    guard phase == self.phase else { return }
    if passed.add(1, ordering: .relaxed).newValue == count { kill(getpid(), SIGKILL) }
  }
}
