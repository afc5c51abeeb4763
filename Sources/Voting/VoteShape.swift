internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// What all votes of a `MajorityVote` have in common.
struct VoteShape {
  /// d.
  let coordinateCount: Int
  /// The number of ballots that are counted.
  let voters: Int
  /// Whether ranks send the tally of the ballots they cast, rather than one ballot each.
  let sendsTallies: Bool
  let rule: SignRule
  /// The seed of the ties' coins.
  let seed: UInt64
  /// Whether messages are coded, where the route can.
  let coding: Coding
  /// The blocks that are voted on one after the other, where the route can: all of them, each once.
  let buckets: [Range<Int>]
  /// The number of ranks, and the one of this rank.
  let ranks: Int
  let rank: Int

  /// What all ranks must have in common, in one word.
  var word: UInt64 {
    UInt64(truncatingIfNeeded: coordinateCount) << 21
      | UInt64(truncatingIfNeeded: voters) << 1 & 0x1F_FFFE | (sendsTallies ? 1 : 0)
  }

  /// The blocks of a tally.
  var blockCount: Int { Tally.blockCount(coordinates: coordinateCount) }

  /// The words of a plane.
  var planeWords: Int { SignPlanes.wordCount(of: coordinateCount) }

  /// The planes of a tally of all ballots.
  func planeCount(masked: Bool) -> Int { Tally.planeCount(ranks: voters, masked: masked) }

  /// The words of a block of a tally of all ballots.
  func blockWords(masked: Bool) -> Int {
    Tally.blockPlaneWords * planeCount(masked: masked)
  }

  /// The words of a tally of all ballots.
  func tallyWords(masked: Bool) -> Int {
    Tally.wordCount(coordinates: coordinateCount, ranks: voters, masked: masked)
  }
}

/// What one rank brings to a vote: its ballot, or the tally of the ballots it has cast.
final class Contribution {
  let shape: VoteShape
  /// The own ballot, or the one to be cast next.
  var ballot: SignPlanes
  /// The tally of what was cast, with masks; without words where a rank sends its ballot.
  private(set) var tally: AlignedBuffer<UInt64>
  private(set) var ballots: Int
  /// Whether any ballot has a mask.
  private var castMask = false

  convenience init(_ shape: VoteShape) {
    let words = shape.sendsTallies ? shape.tallyWords(masked: true) : 0
    self.init(
      shape, ballot: SignPlanes(count: shape.coordinateCount),
      tally: AlignedBuffer(repeating: 0, count: words))
  }

  /// With memory of zeros, where a route wants it.
  init(
    _ shape: VoteShape, ballot: consuming SignPlanes, tally: consuming AlignedBuffer<UInt64>
  ) {
    self.shape = shape
    self.ballot = ballot
    self.tally = tally
    ballots = shape.sendsTallies ? 0 : 1
  }

  var hasMask: Bool { shape.sendsTallies ? castMask : ballot.hasMask }

  /// Adds the ballot to the tally.
  func cast() {
    precondition(shape.sendsTallies, "without voters every rank casts its one ballot by itself")
    precondition(ballots < shape.voters, "more ballots than voters")
    tally.withMutableSpan { Tally.add(ballot, ranks: shape.voters, to: $0) }
    ballots += 1
    if ballot.hasMask { castMask = true }
  }

  /// Takes back what was cast, for the next vote.
  func clear() {
    guard shape.sendsTallies, ballots > 0 else { return }
    tally.fill(with: 0)
    ballots = 0
    castMask = false
  }

  /// Writes blocks of the contribution as a tally of so many planes: all of them where it is one of
  /// several.
  func write(
    _ blocks: Range<Int>, planes: Int, masked: Bool, into message: inout MutableSpan<UInt64>
  ) {
    if shape.sendsTallies {
      copyTally(blocks, masked: masked, into: &message)
    } else {
      Tally.write(ballot, blocks: blocks, planes: planes, masked: masked, into: &message)
    }
  }

  /// Writes what concerns some blocks.
  ///
  /// - Returns: What was written, and how many words.
  func write(_ range: BlockRange, into message: inout MutableSpan<UInt64>)
    -> (content: ChunkContent, wordCount: Int)
  {
    guard shape.sendsTallies else { return ballot.write(range, into: &message) }
    copyTally(range.blocks, masked: hasMask, into: &message)
    return (
      hasMask ? .maskedTally : .tally, range.blocks.count * shape.blockWords(masked: hasMask)
    )
  }

  private func copyTally(
    _ blocks: Range<Int>, masked: Bool, into message: inout MutableSpan<UInt64>
  ) {
    let blockWords = shape.blockWords(masked: true)
    let words = blocks.lowerBound * blockWords..<blocks.upperBound * blockWords
    tally.withSpan {
      Tally.copy($0.extracting(words), ranks: shape.voters, masked: masked, into: &message)
    }
  }

  /// The sum of the signs of a coordinate.
  func signSum(at coordinate: Int) -> Int {
    guard shape.sendsTallies else { return ballot[coordinate] }
    let planes = Tally.planeCount(ranks: shape.voters, masked: true)
    let (word, bit) = (coordinate / 64, UInt64(coordinate % 64))
    let (block, column) = (word / Tally.blockPlaneWords, word % Tally.blockPlaneWords)
    var count = 0
    for plane in 0..<planes {
      let bits = tally[(block * planes + plane) * Tally.blockPlaneWords + column]
      count += Int(bits >> bit & 1) << plane
    }
    return ballots - count
  }
}
