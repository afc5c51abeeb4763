import Voting

/// How often a checkpoint is written (`--checkpoint-every`).
public enum CheckpointInterval: Equatable, Sendable, LosslessStringConvertible {
  /// After so many steps.
  case steps(Int)
  /// After so many minutes by the clock of rank 0.
  case minutes(Double)

  /// Reads a number of steps, or of minutes with an `m` behind it; nil for anything else.
  public init?(_ text: String) {
    if text.hasSuffix("m"), let minutes = Double(text.dropLast()), minutes > 0, minutes < 1e6 {
      self = .minutes(minutes)
    } else if let steps = Int(text), steps > 0 {
      self = .steps(steps)
    } else {
      return nil
    }
  }

  /// The text that `init(_:)` reads.
  public var description: String {
    switch self {
    case .steps(let count): "\(count)"
    case .minutes(let count): "\(count)m"
    }
  }
}

/// What a run takes up that finds checkpoints in its folder (`--resume`).
public enum ResumeChoice: Equatable, Sendable, LosslessStringConvertible {
  /// The newest complete one; a fresh start where there is none.
  case auto
  /// Nothing; a folder with checkpoints is refused.
  case never
  /// The one of this step.
  case step(Int)

  /// Reads `auto`, `never` or a step; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "auto": self = .auto
    case "never": self = .never
    default:
      guard let step = Int(text), step >= 0 else { return nil }
      self = .step(step)
    }
  }

  /// The text that `init(_:)` reads.
  public var description: String {
    switch self {
    case .auto: "auto"
    case .never: "never"
    case .step(let step): "\(step)"
    }
  }
}

/// How the state gets to the thread that writes it (`--checkpoint-memory`).
public enum CheckpointMemory: String, CaseIterable, Sendable {
  /// By a copy in memory, so that steps go on: 4 bytes per parameter and 4 for each hosted momentum,
  /// as a rule 8.
  case copy
  /// Not at all: steps wait for the disk.
  case none
}

/// What a run does when a rank dies (`--on-failure`).
public enum FailureResponse: String, CaseIterable, Sendable {
  /// It ends.
  case abort
  /// It goes on from the last checkpoint with the ranks that are left.
  case shrink
}

/// Checkpoints of a run, its defaults filled in.
struct CheckpointSettings {
  let folder: String
  let interval: CheckpointInterval
  let keep: Int
  let memory: CheckpointMemory
  let resume: ResumeChoice
  let isStrict: Bool
}

extension TrainingOptions {
  /// The checkpoints of the run; nil where there are none.
  var checkpointSettings: CheckpointSettings? {
    checkpoint.map {
      CheckpointSettings(
        folder: $0, interval: checkpointEvery ?? .minutes(10), keep: keep ?? 2,
        memory: checkpointMemory ?? .copy, resume: resume ?? .auto, isStrict: resumeStrict)
    }
  }

  /// Refuses options of checkpoints without a folder for them.
  func checkCheckpoints() throws(OptionError) {
    let given = [
      ("--checkpoint-every", checkpointEvery != nil), ("--keep", keep != nil),
      ("--checkpoint-memory", checkpointMemory != nil), ("--resume", resume != nil),
      ("--resume-strict", resumeStrict), ("--on-failure shrink", onFailure == .shrink),
    ]
    if checkpoint == nil, let (flag, _) = given.first(where: \.1) {
      throw OptionError("\(flag) needs --checkpoint, the folder of the checkpoints")
    }
    if onFailure == .shrink, resumeStrict {
      throw OptionError("--resume-strict allows no other ranks: leave --on-failure shrink out")
    }
    if onFailure == .shrink, route == .hierarchical {
      throw OptionError(
        "--on-failure shrink needs messages, which fail when a rank dies: give another --vote than "
          + "hierarchical")
    }
    if let keep, keep < 1 { throw OptionError("--keep must be 1 or more: found \(keep)") }
  }
}
