internal import AlignedBuffers
public import MPIKit
public import SignBits
internal import SignDescent

/// The mean of the scaled signs of all ranks, itself as scaled signs: error feedback on the wire.
///
/// Rank i gives signs and a scale a_ik for each tensor k, which stand for q_i = a_ik·(±1). Then
///
/// - P = (q_0 + … + q_{N−1}) / N + E in Float32, in the order of ranks;
/// - A_k = ‖P_k‖₁ / d_k, summed in Double over fixed blocks of 4,096 coordinates;
/// - Q = A_k·sign(P), the result on all ranks; E ← P − Q.
///
/// E, the error of the second compression, has one copy in all, kept by the owners of the
/// coordinates; where every rank computes everything (`gather`) each has all of it. One rank alone
/// compresses once: its own signs and scales are the result and there is no E.
///
/// Fill `ballot` and `scales`, call `begin(_:)`, do other work, call `wait(_:)`, then read
/// `controls`, `mean` and `meanScales`. A rank without a sample, and one whose gradient of a tensor
/// is not finite, gives the scale 0: it adds nothing and is counted in N all the same.
///
/// All calls are collective; both routes give the same bits. Memory, made once: for E 4·d/N bytes
/// (`gather`: 4·d), d/2 for the planes, about 3·d/8 for messages (`gather`: N·d/8).
public final class ScaledSignMean {
  /// The signs that this rank gives, without a mask; free to change between `wait` and `begin`.
  public var ballot: SignPlanes
  /// The scale of each tensor that this rank gives: finite, not negative.
  public var scales: [Float]
  /// The signs of the mean of the last finished step.
  public private(set) var mean: SignPlanes
  /// The scale A of each tensor of the last finished step.
  public private(set) var meanScales: [Float]
  /// The control blocks of all ranks in the last finished step, by rank.
  public private(set) var controls: [ControlBlock]
  /// What this rank sent and received in the last finished step.
  public private(set) var traffic = Traffic()
  /// The coordinates whose error E this rank keeps; empty on one rank alone.
  public let errorCoordinates: Range<Int>

  private let communicator: Communicator
  private let layout: ScaledLayout
  private let messages: any ScaledMessages
  private let feedback: MeanFeedback
  private var errors: AlignedBuffer<Float>
  /// The scales that came, of each tensor by rank.
  private var scaleTable: [Float]
  /// The norm of each part.
  private var sums: [Double]
  private var step = 0

  /// Prepares means with E = 0.
  ///
  /// Collective: duplicates the communicator.
  ///
  /// - Parameters:
  ///   - tensors: The coordinates of the tensors, one after the other from 0, the same on all ranks.
  ///   - route: How signs travel.
  ///   - communicator: Those who give.
  /// - Precondition: No tensor is empty, and there is no gap between them.
  public init(
    tensors: [Range<Int>], route: ScaledRoute, communicator: borrowing Communicator
  ) throws(MPIError) {
    let ranks = communicator.size
    let layout = ScaledLayout(tensors: tensors, ranks: ranks)
    self.communicator = try communicator.duplicate()
    self.layout = layout
    messages =
      switch route {
      case .exchange: ScaledExchange(layout, ranks: ranks, rank: communicator.rank)
      case .gather: ScaledGather(layout, ranks: ranks, rank: communicator.rank)
      }
    errorCoordinates = ranks == 1 ? 0..<0 : messages.owned.coordinates
    let place = messages.ballotPlace
    feedback = MeanFeedback(
      owned: errorCoordinates, ranks: ranks, firstWord: place.firstWord, stride: place.stride)
    ballot = SignPlanes(count: layout.coordinateCount)
    mean = SignPlanes(count: layout.coordinateCount)
    scales = Array(repeating: 0, count: tensors.count)
    meanScales = scales
    controls = Array(repeating: ControlBlock(), count: ranks)
    errors = AlignedBuffer(repeating: 0, count: errorCoordinates.count)
    scaleTable = Array(repeating: 0, count: tensors.count * ranks)
    sums = Array(repeating: 0, count: layout.parts.count)
  }

  /// Starts a step with `ballot` and `scales`.
  ///
  /// - Parameter control: The control block of this rank; its step names the step.
  /// - Precondition: There is a finite scale, not negative, for each tensor.
  public func begin(_ control: ControlBlock) throws(MPIError) {
    guard scales.count == layout.tensors.count, scales.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      fatalError("\(scales.count) scales for \(layout.tensors.count) tensors, or one that is none")
    }
    step = control.step
    try messages.begin(ballot, scales: scales, control: control, on: communicator)
  }

  /// Waits for the signs of all ranks and computes the mean, which takes a second message.
  ///
  /// - Throws: `VotingError` when a rank is silent for too long or at another step, `MPIError`
  ///   when MPI fails. After a throw E holds no sense any more.
  /// - Complexity: O(d) for `exchange`, O(N·d) for `gather`.
  public func wait(_ patience: Patience) throws {
    try listen(on: communicator, step: step, patience) { () throws in
      try messages.waitForBallots(patience)
    }
    for rank in controls.indices { controls[rank] = messages.control(of: rank) }
    try checkSteps(of: controls, against: step)
    if controls.count > 1 {
      addBallots()
      try listen(on: communicator, step: step, patience) { () throws in
        try messages.share(&mean, sums: &sums, patience, on: communicator)
      }
      compress()
    } else {
      copyBallot()
    }
    traffic = messages.traffic
  }
}

extension ScaledSignMean {
  /// Lends the error E of `errorCoordinates`, to save it.
  ///
  /// - Precondition: No step is between `begin` and the end of `wait`.
  public func withErrors<Result>(_ body: (Span<Float>) throws -> Result) rethrows -> Result {
    try errors.withSpan(body)
  }

  /// Lends the error E of `errorCoordinates`, to restore it.
  ///
  /// - Precondition: As `withErrors`; what is written is finite, and with `gather` the same on all
  ///   ranks.
  public func withMutableErrors<Result>(
    _ body: (consuming MutableSpan<Float>) throws -> Result
  ) rethrows -> Result {
    try errors.withMutableSpan(body)
  }
}

extension ScaledSignMean {
  /// P in place of E, its signs and the norms of its parts.
  private func addBallots() {
    let ranks = controls.count
    for tensor in messages.owned.tensors {
      for rank in 0..<ranks {
        scaleTable[tensor * ranks + rank] = messages.scale(of: tensor, from: rank)
      }
    }
    messages.withBallots { words in
      for part in messages.owned.parts {
        let tensor = layout.parts[part].tensor
        let scales = scaleTable.span.extracting(tensor * ranks..<(tensor + 1) * ranks)
        sums[part] = feedback.add(
          words, scales: scales, to: errors.mutableSpan, part: layout.parts[part].coordinates,
          into: &mean)
      }
    }
  }

  /// The scales from the norms of all parts, and E.
  private func compress() {
    var norms = 0.0
    for (index, part) in layout.parts.enumerated() {
      let tensor = layout.tensors[part.tensor]
      norms = part.coordinates.lowerBound == tensor.lowerBound ? sums[index] : norms + sums[index]
      meanScales[part.tensor] = Float(norms / Double(tensor.count))
    }
    for part in messages.owned.parts {
      let part = layout.parts[part]
      feedback.subtract(
        meanScales[part.tensor], from: errors.mutableSpan, part: part.coordinates)
    }
  }

  /// One rank: what it gives is the result.
  private func copyBallot() {
    Self.copy(ballot, into: &mean)
    for tensor in scales.indices { meanScales[tensor] = scales[tensor] }
  }

  private static func copy(_ source: borrowing SignPlanes, into copy: inout SignPlanes) {
    let signs = source.signs.span
    var copies = copy.signs.mutableSpan
    for word in signs.indices { copies[word] = signs[word] }
  }
}
