/// The end of a run.
public struct SummaryRecord: Hashable, Sendable, Codable {
  /// The number of steps done.
  public var steps: Int
  /// The number of epochs done.
  public var epochs: Double
  /// The time of all steps, without loading and evaluation.
  public var trainingSeconds: Double
  /// The samples of all ranks by this time.
  public var samplesPerSecond: Double
  /// The loss of the last evaluation, or of the last step without one.
  public var finalLoss: Double
  /// The accuracy of the last evaluation.
  public var accuracy: Double?
  /// The hash of the final parameters.
  public var weightHash: String
  /// The bytes that rank 0 sent in all steps.
  public var bytesSentPerRank: Int
  /// The bytes that rank 0 received in all steps.
  public var bytesReceivedPerRank: Int
  /// Whether the bytes are those of the named algorithm, since MPI's own are not counted.
  public var bytesModelled: Bool
  /// The bits that rank 0 sent for a parameter in a step, the mean.
  public var bitsPerParameterPerStep: Double
  /// The share of the steps' time spent waiting for the vote, from 0 to 1.
  public var voteShare: Double
  /// The number of abstentions.
  public var abstentions: Int
  /// Why the run ended, such as `completed`.
  public var exitReason: String

  /// A summary.
  public init(
    steps: Int, epochs: Double, trainingSeconds: Double, samplesPerSecond: Double,
    finalLoss: Double, accuracy: Double? = nil, weightHash: String, bytesSentPerRank: Int,
    bytesReceivedPerRank: Int, bytesModelled: Bool, bitsPerParameterPerStep: Double,
    voteShare: Double, abstentions: Int, exitReason: String
  ) {
    self.steps = steps
    self.epochs = epochs
    self.trainingSeconds = trainingSeconds
    self.samplesPerSecond = samplesPerSecond
    self.finalLoss = finalLoss
    self.accuracy = accuracy
    self.weightHash = weightHash
    self.bytesSentPerRank = bytesSentPerRank
    self.bytesReceivedPerRank = bytesReceivedPerRank
    self.bytesModelled = bytesModelled
    self.bitsPerParameterPerStep = bitsPerParameterPerStep
    self.voteShare = voteShare
    self.abstentions = abstentions
    self.exitReason = exitReason
  }
}
