/// What a rank asks for or reports with its ballot.
public struct ControlFlags: OptionSet, Sendable {
  /// The bits.
  public let rawValue: UInt32

  /// Flags from their bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The rank abstains in at least one coordinate, so its ballot has a mask.
  public static let masksUsed = ControlFlags(rawValue: 1 << 0)
  /// The loss was not finite: the rank abstains in every tensor.
  public static let lossNotFinite = ControlFlags(rawValue: 1 << 1)
  /// The rank had no sample in this step and abstains in every tensor.
  public static let noSample = ControlFlags(rawValue: 1 << 2)
  /// `hash` holds the hash of the parameters before this step.
  public static let carriesHash = ControlFlags(rawValue: 1 << 3)
  /// Of several voters that the rank hosts some abstain since their numbers are not finite.
  public static let someVoterAbstains = ControlFlags(rawValue: 1 << 4)
  /// The rank was asked to end the run: all ranks stop after this step.
  public static let stopAsked = ControlFlags(rawValue: 1 << 5)
  /// By the clock of the rank a checkpoint is due after this step.
  public static let checkpointAsked = ControlFlags(rawValue: 1 << 6)
  /// The rank has written its files of the checkpoint under way.
  public static let checkpointWritten = ControlFlags(rawValue: 1 << 7)
}

/// The 64 bytes that travel with the ballot of every rank in every vote.
///
/// When the verdict of a step is complete every rank holds the control blocks of all ranks, so all
/// ranks act on the same facts at the same step without another message.
public struct ControlBlock: Equatable, Sendable {
  /// Size on the wire in 64-bit words.
  public static let wordCount = 8
  /// Size on the wire in bytes.
  public static let byteCount = 64

  /// The step that the ballot belongs to, below 2^44; a rank with another one is out of order.
  public var step = 0
  /// The number of ballots that the rank casts; the vote sets it.
  public internal(set) var ballots = 1
  /// What the rank asks for or reports.
  public var flags: ControlFlags = []
  /// The number of tensors in which the rank abstains because their gradient is not finite.
  public var abstainedTensors: UInt32 = 0
  /// The number of the first of these tensors.
  public var firstAbstainedTensor: UInt32 = 0
  /// The number of samples behind the gradient.
  public var samples: UInt32 = 0
  /// The XXH3 hash of the parameters before this step, where `carriesHash` is set.
  public var hash: UInt64 = 0
  /// The mean loss of the rank's batch.
  public var loss = 0.0
  /// Seconds of the rank's previous step.
  public var times = StepTimes()
  /// The share of coordinates, 0 to 1, in which the rank abstains.
  public var abstainedShare: Float = 0

  /// An empty block.
  public init() {}
}

/// How long the phases of one step took on one rank, in seconds.
public struct StepTimes: Equatable, Sendable {
  /// The whole step.
  public var step: Float = 0
  /// Loading the batch and computing the gradient.
  public var gradient: Float = 0
  /// Momentum, signs and packing.
  public var pack: Float = 0
  /// Waiting for the other ranks and the network.
  public var voteWait: Float = 0
  /// Tallying and applying the verdict.
  public var apply: Float = 0

  /// All zero.
  public init() {}
}

extension ControlBlock {
  /// The bits of a step, as many as a stream of random numbers has for it; the count of ballots
  /// takes the others of the word.
  private static let stepBits: UInt64 = 44
  private static let stepMask: UInt64 = 1 << stepBits - 1
  /// The most ballots that a rank can cast.
  static let maximumBallots = 1 << (64 - Int(stepBits)) - 1

  /// The block as words, little end first, in the order of the wire.
  var words: [8 of UInt64] {
    [
      UInt64(truncatingIfNeeded: step) & Self.stepMask
        | UInt64(truncatingIfNeeded: ballots) << Self.stepBits,
      Self.join(flags.rawValue, abstainedTensors),
      hash,
      Self.join(firstAbstainedTensor, samples),
      loss.bitPattern,
      Self.join(times.step.bitPattern, times.gradient.bitPattern),
      Self.join(times.pack.bitPattern, times.voteWait.bitPattern),
      Self.join(times.apply.bitPattern, abstainedShare.bitPattern),
    ]
  }

  /// A block from its words.
  init(words: [8 of UInt64]) {
    step = Int(words[0] & Self.stepMask)
    ballots = Int(words[0] >> Self.stepBits)
    flags = ControlFlags(rawValue: Self.low(words[1]))
    abstainedTensors = Self.high(words[1])
    hash = words[2]
    firstAbstainedTensor = Self.low(words[3])
    samples = Self.high(words[3])
    loss = Double(bitPattern: words[4])
    times.step = Float(bitPattern: Self.low(words[5]))
    times.gradient = Float(bitPattern: Self.high(words[5]))
    times.pack = Float(bitPattern: Self.low(words[6]))
    times.voteWait = Float(bitPattern: Self.high(words[6]))
    times.apply = Float(bitPattern: Self.low(words[7]))
    abstainedShare = Float(bitPattern: Self.high(words[7]))
  }

  private static func join(_ low: UInt32, _ high: UInt32) -> UInt64 {
    UInt64(low) | UInt64(high) << 32
  }

  private static func low(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word) }

  private static func high(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word >> 32) }
}

extension ControlBlock {
  /// Writes the eight words into a message.
  func write(into message: inout MutableSpan<UInt64>, at first: Int) {
    let words = words
    for index in 0..<Self.wordCount { message[first + index] = words[index] }
  }

  /// Reads the eight words of a slot.
  init(from slot: Span<UInt64>) {
    var words: [8 of UInt64] = .init(repeating: 0)
    for index in 0..<Self.wordCount { words[index] = slot[index] }
    self.init(words: words)
  }
}
