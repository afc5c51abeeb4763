/// Bit-sliced counts of the votes: for each coordinate the sum S of 1 − sign over the ballots.
///
/// A ballot counts 0 where it is positive, 1 where it abstains, 2 where it is negative. With N
/// ballots the verdict is the sign of N − S, and S = N is a tie, whatever the number of
/// abstentions: nobody needs to know how many voted.
///
/// Counts lie in planes: bit k of the counts of 64 coordinates is one word, so adding works on 64
/// counts at once. In memory a tally is a row of blocks, each of W planes of 64 words, for 4096
/// coordinates; W is the number of bits of 2N. Without masks every count is even and the lowest
/// plane is left out.
public enum Tally {
  /// The words of one plane of a block.
  public static let blockPlaneWords = 64

  /// The number of planes of a tally of so many ballots.
  ///
  /// - Parameters:
  ///   - ranks: N, at least 1.
  ///   - masked: Whether a ballot may abstain, which takes the lowest plane.
  public static func planeCount(ranks: Int, masked: Bool) -> Int {
    precondition(ranks > 0, "a tally needs a ballot")
    let bits = Int.bitWidth - (2 * ranks).leadingZeroBitCount
    return masked ? bits : bits - 1
  }

  /// The number of planes of a sum of one ballot of each rank, for ranks that know their own.
  ///
  /// Of 2^k ballots the k lowest bits of a count tell all counts but none and all apart, and these
  /// two any of the ballots does: a plane less than `planeCount(ranks:masked:)`.
  ///
  /// - Parameters:
  ///   - ranks: N, at least 2.
  ///   - masked: As there.
  public static func sharedPlaneCount(ranks: Int, masked: Bool) -> Int {
    precondition(ranks > 1, "a ballot alone is its sum")
    return planeCount(ranks: ranks, masked: masked) - (ranks.nonzeroBitCount == 1 ? 1 : 0)
  }

  /// The number of blocks of a tally of so many coordinates.
  public static func blockCount(coordinates: Int) -> Int {
    (SignPlanes.wordCount(of: coordinates) + blockPlaneWords - 1) / blockPlaneWords
  }

  /// The number of words of a tally of so many coordinates.
  public static func wordCount(coordinates: Int, ranks: Int, masked: Bool) -> Int {
    blockCount(coordinates: coordinates) * blockPlaneWords
      * planeCount(ranks: ranks, masked: masked)
  }
}
