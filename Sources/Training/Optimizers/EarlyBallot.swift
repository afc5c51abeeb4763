import AlignedBuffers
import Objectives
import SignBits
import SignDescent
import Voting

/// Fills the ballot of a rank's one voter tensor by tensor as the gradient comes, and lets the vote
/// begin on the buckets that are complete.
///
/// The same bits as from the whole gradient: an estimator works coordinate by coordinate, and a
/// voter abstains in whole tensors.
final class EarlyBallot: GradientObserver {
  private let layout: ParameterLayout
  private let buckets: VoteBuckets
  private let vote: MajorityVote
  private let estimate: (Span<Float>, Range<Int>) -> Bool
  /// The gradient is final from here on.
  private var start = 0
  private var released = 0
  private var notFinite: [Int] = []
  /// Seconds spent here since the vote was opened.
  private(set) var seconds = 0.0

  /// A ballot of the vote, which has these buckets.
  ///
  /// - Parameter estimate: Updates momentum and ballot in some coordinates; whether the gradient is
  ///   finite there.
  init(
    layout: ParameterLayout, buckets: VoteBuckets, vote: MajorityVote,
    estimate: @escaping (Span<Float>, Range<Int>) -> Bool
  ) {
    self.layout = layout
    self.buckets = buckets
    self.vote = vote
    self.estimate = estimate
  }

  /// Opens the vote of a step.
  func open(step: Int) throws {
    start = layout.count
    released = 0
    notFinite = []
    seconds = 0
    vote.clearMask()
    try vote.open(step: step)
  }

  func gradient(
    _ gradient: Span<Float>, isFinalIn coordinates: Range<Int>, loss: Double
  ) throws {
    let begin = Clock.seconds
    defer { seconds += Clock.seconds - begin }
    precondition(coordinates.upperBound == start, "a gap between final tensors")
    take(gradient, coordinates, usable: loss.isFinite)
    while released < buckets.starts.count - 1, buckets.starts[released] >= start {
      try vote.release(bucket: released)
      released += 1
    }
  }

  func didWork() throws {
    let begin = Clock.seconds
    defer { seconds += Clock.seconds - begin }
    try vote.progress()
  }

  /// Fills what of the ballot is left.
  ///
  /// - Parameter usable: Whether the loss is finite.
  /// - Returns: The numbers of the tensors whose gradient is not finite.
  func complete(_ gradient: Span<Float>, usable: Bool) -> [Int] {
    take(gradient, 0..<start, usable: usable)
    return notFinite.sorted()
  }

  private func take(_ gradient: Span<Float>, _ coordinates: Range<Int>, usable: Bool) {
    start = coordinates.lowerBound
    guard usable else { return vote.ballot.abstain(in: coordinates) }
    guard !estimate(gradient, coordinates) else { return }
    for (number, tensor) in layout.tensors.enumerated()
    where coordinates.contains(tensor.range.lowerBound) && !isFinite(gradient, in: tensor.range) {
      notFinite.append(number)
      vote.ballot.abstain(in: tensor.range)
    }
  }
}
