/// A step of training, written on an interval.
public struct StepRecord: Hashable, Sendable, Codable {
  /// The number of steps done.
  public var step: Int
  /// The epoch of the step, from 0.
  public var epoch: Int
  /// The mean loss of the step's samples over all ranks.
  public var loss: Double
  /// The step size.
  public var learningRate: Double
  /// The number of samples of all ranks since the last record.
  public var samples: Int
  /// These samples by the time they took.
  public var samplesPerSecond: Double
  /// The whole step, over ranks.
  public var stepSeconds: Distribution
  /// The gradient, over ranks.
  public var gradientSeconds: Distribution
  /// Momentum and packing of signs, over ranks.
  public var packSeconds: Distribution
  /// Waiting for the vote, over ranks.
  public var voteWaitSeconds: Distribution
  /// Applying the verdict, over ranks.
  public var applySeconds: Distribution
  /// The bytes that rank 0 sent in the step.
  public var bytesSentPerRank: Int
  /// The bytes that rank 0 received in the step.
  public var bytesReceivedPerRank: Int
  /// Whether the bytes are those of the named algorithm, since MPI's own are not counted.
  public var bytesModelled: Bool
  /// Of the bytes sent those of ballots, where they are told from those of verdicts.
  public var ballotBytesSentPerRank: Int?
  /// Of the bytes sent those that were on their way before the gradient was complete.
  public var bytesOverlappedPerRank: Int?
  /// The number of ranks that abstained in a tensor or in the step since the last record.
  public var abstentions: Int
  /// The share of coordinates, 0 to 1, in which a rank abstained in the step, the mean over ranks.
  public var abstainedShare: Double
  /// The hash of the parameters when the replicas were last compared, if since the last record.
  public var weightHash: String?

  /// A step.
  public init(
    step: Int, epoch: Int, loss: Double, learningRate: Double, samples: Int,
    samplesPerSecond: Double, stepSeconds: Distribution, gradientSeconds: Distribution,
    packSeconds: Distribution, voteWaitSeconds: Distribution, applySeconds: Distribution,
    bytesSentPerRank: Int, bytesReceivedPerRank: Int, bytesModelled: Bool,
    ballotBytesSentPerRank: Int? = nil, bytesOverlappedPerRank: Int? = nil, abstentions: Int,
    abstainedShare: Double = 0, weightHash: String? = nil
  ) {
    self.step = step
    self.epoch = epoch
    self.loss = loss
    self.learningRate = learningRate
    self.samples = samples
    self.samplesPerSecond = samplesPerSecond
    self.stepSeconds = stepSeconds
    self.gradientSeconds = gradientSeconds
    self.packSeconds = packSeconds
    self.voteWaitSeconds = voteWaitSeconds
    self.applySeconds = applySeconds
    self.bytesSentPerRank = bytesSentPerRank
    self.bytesReceivedPerRank = bytesReceivedPerRank
    self.bytesModelled = bytesModelled
    self.ballotBytesSentPerRank = ballotBytesSentPerRank
    self.bytesOverlappedPerRank = bytesOverlappedPerRank
    self.abstentions = abstentions
    self.abstainedShare = abstainedShare
    self.weightHash = weightHash
  }
}
