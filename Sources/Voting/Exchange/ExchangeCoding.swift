internal import AlignedBuffers
internal import SignBits

/// What the route `exchange` keeps to code its messages: a reference for every sender of a chunk.
///
/// Memory: d/4 bytes for the own ballots, as much for the ballots that come to the own shard, and
/// for the verdicts.
final class ExchangeCoding {
  private let plan: ExchangePlan
  private let rank: Int
  private let coder: DeltaCoder
  /// What went to the owners, and what came from every rank.
  var sentBallots: ReferencePlanes
  private var receivedBallots: ReferencePlanes
  /// Those of the own shard that were sent and those of the others that came.
  private var verdicts: ReferencePlanes
  /// A chunk that came as it is.
  private var arrival: SignPlanes

  init(_ shape: VoteShape, _ plan: ExchangePlan) {
    self.plan = plan
    rank = shape.rank
    let chunkWords = plan.chunkBlocks * Tally.blockPlaneWords
    coder = DeltaCoder(chunkWords: chunkWords)
    sentBallots = ReferencePlanes(wordCount: shape.planeWords, chunkCount: plan.chunkCount)
    receivedBallots = ReferencePlanes(
      wordCount: shape.ranks * plan.blockCount(of: rank) * Tally.blockPlaneWords,
      chunkCount: shape.ranks * plan.chunks[rank].count)
    verdicts = ReferencePlanes(wordCount: shape.planeWords, chunkCount: plan.chunkCount)
    arrival = SignPlanes(count: 64 * chunkWords)
  }

  /// Codes a chunk of the own ballot; nil where it travels as it is.
  func code(
    ballot: borrowing SignPlanes, _ chunk: ExchangePlan.Chunk, vote: UInt32,
    into message: inout MutableSpan<UInt64>
  ) -> Int? {
    coder.code(
      ballot, chunk.range, reference: &sentBallots, at: place(of: chunk), vote: vote,
      allowsTrits: false, into: &message)
  }

  /// Codes a chunk of the verdict; nil where it travels as it is.
  func code(
    verdict: borrowing SignPlanes, _ chunk: ExchangePlan.Chunk, vote: UInt32,
    into message: inout MutableSpan<UInt64>
  ) -> Int? {
    coder.code(
      verdict, chunk.range, reference: &verdicts, at: place(of: chunk), vote: vote,
      allowsTrits: true, into: &message)
  }

  /// Replaces the code of an own chunk's ballots by what it stands for.
  ///
  /// - Parameters:
  ///   - index: The number of the chunk among the own ones.
  ///   - room: The room of the message from its content on.
  ///   - wordCount: The words of the content.
  /// - Returns: The content then.
  func decodeBallots(
    chunk index: Int, from sender: Int, vote: UInt32, in room: inout MutableSpan<UInt64>,
    wordCount: Int
  ) throws(ChunkProblem) -> ChunkContent {
    let place = place(ofOwn: index, from: sender)
    try coder.decode(
      room.span.extracting(0..<wordCount), reference: &receivedBallots, at: place, vote: vote)
    let range = plan.chunks[rank][index].range
    return receivedBallots.write(place, range, into: &room).content
  }

  /// Keeps ballots of an own chunk that came as they are.
  func keepBallots(
    chunk index: Int, from sender: Int, vote: UInt32, _ content: ChunkContent,
    _ message: Span<UInt64>
  ) {
    let words = plan.chunks[rank][index].range.words.count
    let range = BlockRange(
      0..<plan.chunks[rank][index].range.blocks.count, planeWords: words)
    arrival.clearMask()
    arrival.read(range, content, from: message)
    coder.take(
      arrival, from: 0, reference: &receivedBallots, at: place(ofOwn: index, from: sender),
      vote: vote)
  }

  /// Decodes a chunk of the verdict into it.
  func decode(
    _ content: Span<UInt64>, _ chunk: ExchangePlan.Chunk, vote: UInt32,
    into verdict: inout SignPlanes
  ) throws(ChunkProblem) {
    let place = place(of: chunk)
    try coder.decode(content, reference: &verdicts, at: place, vote: vote)
    verdicts.copy(place, to: &verdict, from: chunk.range.words.lowerBound)
  }

  /// Keeps a chunk of the verdict that came as it is.
  func keep(verdict: borrowing SignPlanes, _ chunk: ExchangePlan.Chunk, vote: UInt32) {
    coder.take(
      verdict, from: chunk.range.words.lowerBound, reference: &verdicts, at: place(of: chunk),
      vote: vote)
  }

  private func place(of chunk: ExchangePlan.Chunk) -> ReferencePlanes.Place {
    ReferencePlanes.Place(chunk: chunk.number, words: chunk.range.words)
  }

  private func place(ofOwn index: Int, from sender: Int) -> ReferencePlanes.Place {
    let chunk = plan.chunks[rank][index]
    let block = sender * plan.blockCount(of: rank) + chunk.firstBlock
    let first = block * Tally.blockPlaneWords
    return ReferencePlanes.Place(
      chunk: sender * plan.chunks[rank].count + index,
      words: first..<first + chunk.range.words.count)
  }
}
