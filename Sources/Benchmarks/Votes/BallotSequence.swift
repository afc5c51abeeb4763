internal import AlignedBuffers
internal import CounterRandom
internal import SignBits

/// What a rank votes with, vote by vote.
///
/// Without a flip rate each rank's ballot is random signs of its own and stays: of N = 4 ranks 3/8
/// of the coordinates tie, of 2 ranks half.
///
/// With one, each sign flips with this probability from one vote to the next, the verdict's too, so
/// that both directions of a coded vote carry the same entropy: all ranks flip the same coordinates
/// of a common ballot. From 3 ranks on, one rank, drawn for each word of 64 coordinates, votes
/// against the others, which decides nothing, but shows whose ballot went where.
///
/// The coordinates to flip are drawn once, for some votes in turn, so that the change from vote to
/// vote is one pass over the bits.
struct BallotSequence: ~Copyable {
  /// How many sets of coordinates take turns.
  private static let setCount = 4
  /// Binary digits of the flip rate.
  private static let digits = 16

  private let flipRate: Double?
  private let rank: Int
  private let ranks: Int
  private let words: Int
  /// The valid bits of the last word.
  private let lastBits: UInt64
  private var flips: AlignedBuffer<UInt64>

  init(count: Int, flipRate: Double?, rank: Int, ranks: Int) {
    self.flipRate = flipRate
    self.rank = rank
    self.ranks = ranks
    words = SignPlanes.wordCount(of: count)
    lastBits = .max >> UInt64(words * 64 - count)
    flips = AlignedBuffer(repeating: 0, count: flipRate == nil ? 0 : Self.setCount * words)
    guard let flipRate else { return }
    let share = Int((flipRate * Double(1 << Self.digits)).rounded())
    for set in 0..<Self.setCount {
      let stream = RandomStream(seed: 1, purpose: .gradientNoise, step: 1 + set)
      for word in 0..<words {
        flips[set * words + word] = Self.coins(share, word: word, stream)
      }
      flips[set * words + words - 1] &= lastBits
    }
  }

  /// 64 bits, each set with probability `share` / 2^digits.
  ///
  /// A bit is set when a random binary fraction is below the share: from the last digit to the
  /// first, a digit 1 of the share sets where the random digit is 0, a digit 0 clears where it is 1.
  private static func coins(_ share: Int, word: Int, _ stream: RandomStream) -> UInt64 {
    var bits: UInt64 = share == 1 << digits ? .max : 0
    guard share > 0, share < 1 << digits else { return bits }
    for digit in share.trailingZeroBitCount..<digits {
      let random = stream.word(at: word * digits + digit)
      bits = share >> digit & 1 == 1 ? bits | random : bits & random
    }
    return bits
  }

  /// The ballot of the first vote.
  func start(_ ballot: inout SignPlanes) {
    let owner = flipRate == nil ? rank : 0
    ballot.randomize(stream: RandomStream(seed: 1, purpose: .attack, owner: owner))
    guard flipRate != nil, ranks >= 3 else { return }
    let dissent = RandomStream(seed: 1, purpose: .adversaries)
    ballot.withUnsafeWords { signs, _ in
      for word in signs.indices where dissent.below(ranks, at: word) == rank {
        signs[word] = ~signs[word]
      }
      signs[words - 1] &= lastBits
    }
  }

  /// Turns the ballot of a vote into that of the next.
  func advance(_ ballot: inout SignPlanes, after vote: Int) {
    guard flipRate != nil else { return }
    let first = vote % Self.setCount * words
    flips.withSpan { flips in
      ballot.withUnsafeWords { signs, _ in
        for word in signs.indices { signs[word] ^= flips[first + word] }
      }
    }
  }
}
