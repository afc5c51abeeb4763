internal import Foundation

/// The course of the learning rate over a run (`--schedule`).
///
/// With T steps, step t = 0, 1, … and the base rate γ the rate is γ times
///
/// - `constant`: 1;
/// - `cosine`: (1 + cos(π·(t−W)/(T−W))) / 2;
/// - `step:FACTOR:STEPS`: FACTOR^⌊(t−W)/STEPS⌋;
/// - `paper`: T^(−3/4), with the momentum 1 − T^(−1/2); for `signum-extrapolated` T^(−5/7), with
///   1 − T^(−4/7) (the rates for one node; Sun et al., ICML 2023).
///
/// `warmup:FRACTION+` before one of the first three makes the first W = ⌈FRACTION·T⌉ steps rise
/// linearly: (t+1)/W. Without it W = 0.
public struct Schedule: Equatable, Sendable {
  /// The course after the warm-up.
  public enum Course: Equatable, Sendable {
    /// The same rate throughout.
    case constant
    /// Half a cosine down to 0.
    case cosine
    /// Times `factor` every `steps` steps.
    case step(factor: Double, steps: Int)
    /// The rate and momentum of the theory, from the number of steps.
    case paper
  }

  /// What the theory behind `paper` takes for granted.
  public enum Smoothness: Sendable {
    /// A Lipschitz gradient: rates of T^(−1/4).
    case gradient
    /// A Lipschitz Hessian too, with the gradient taken ahead (`LookAhead`): rates of T^(−2/7).
    case hessian

    /// The exponents of T in γ and in 1 − θ.
    fileprivate var exponents: (rate: Double, present: Double) {
      switch self {
      case .gradient: (-3.0 / 4, -1.0 / 2)
      case .hessian: (-5.0 / 7, -4.0 / 7)
      }
    }
  }

  /// The course after the warm-up.
  public let course: Course
  /// The share of the run, 0 to 1, in which the rate rises.
  public let warmup: Double

  /// A schedule.
  public init(_ course: Course, warmup: Double = 0) {
    self.course = course
    self.warmup = warmup
  }

  /// What runs take when nothing is said: 2 % warm-up, then half a cosine.
  public static let standard = Schedule(.cosine, warmup: 0.02)

  /// Whether the momentum follows from the number of steps.
  public var definesMomentum: Bool { course == .paper }

  /// The momentum of `paper` in a run of so many steps: 1 − T^(−1/2), or 1 − T^(−4/7).
  public static func paperMomentum(steps: Int, smoothness: Smoothness = .gradient) -> Double {
    1 - pow(Double(max(steps, 1)), smoothness.exponents.present)
  }

  /// The learning rate of a step.
  ///
  /// - Parameters:
  ///   - step: t, from 0.
  ///   - total: T, the steps of the run.
  ///   - base: γ.
  ///   - smoothness: What `paper` takes for granted; the others do not look at it.
  public func rate(
    at step: Int, of total: Int, base: Double, smoothness: Smoothness = .gradient
  ) -> Double {
    let rising = Int((warmup * Double(total)).rounded(.up))
    if step < rising { return base * Double(step + 1) / Double(rising) }
    switch course {
    case .constant: return base
    case .cosine:
      let done = Double(step - rising) / Double(max(total - rising, 1))
      return base * (1 + cos(Double.pi * done)) / 2
    case .step(let factor, let steps): return base * pow(factor, Double((step - rising) / steps))
    case .paper: return base * pow(Double(max(total, 1)), smoothness.exponents.rate)
    }
  }
}

/// A text that is no schedule.
public struct ScheduleError: Error, Equatable, CustomStringConvertible {
  /// The text.
  public let text: String

  /// One line: what was expected and what was found.
  public var description: String {
    "expected constant, cosine, step:FACTOR:STEPS or paper, the first three perhaps after "
      + "warmup:FRACTION+, as in warmup:0.02+cosine: found '\(text)'"
  }
}

extension Schedule: CustomStringConvertible {
  /// Reads the text of `--schedule`.
  ///
  /// - Throws: `ScheduleError` when it has none of the forms.
  public init(parsing text: String) throws(ScheduleError) {
    var rest = text[...]
    var warmup = 0.0
    if rest.hasPrefix("warmup:"), let plus = rest.firstIndex(of: "+") {
      guard let share = Double(rest[rest.index(rest.startIndex, offsetBy: 7)..<plus]),
        share >= 0, share <= 1
      else { throw ScheduleError(text: text) }
      warmup = share
      rest = rest[rest.index(after: plus)...]
      guard rest != "paper" else { throw ScheduleError(text: text) }
    }
    guard let course = Course(parsing: String(rest)) else { throw ScheduleError(text: text) }
    self.init(course, warmup: warmup)
  }

  /// The text that `init(parsing:)` reads.
  public var description: String {
    let prefix = warmup == 0 ? "" : "warmup:\(warmup)+"
    return switch course {
    case .constant: prefix + "constant"
    case .cosine: prefix + "cosine"
    case .step(let factor, let steps): prefix + "step:\(factor):\(steps)"
    case .paper: "paper"
    }
  }
}

extension Schedule.Course {
  fileprivate init?(parsing text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    switch (parts.first, parts.count) {
    case ("constant", 1): self = .constant
    case ("cosine", 1): self = .cosine
    case ("paper", 1): self = .paper
    case ("step", 3):
      guard let factor = Double(parts[1]), factor > 0, factor <= 1, let steps = Int(parts[2]),
        steps > 0
      else { return nil }
      self = .step(factor: factor, steps: steps)
    default: return nil
    }
  }
}
