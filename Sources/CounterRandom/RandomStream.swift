internal import Foundation

/// What random numbers are drawn for; streams of different purposes never overlap.
public enum RandomPurpose: UInt32, Sendable, CaseIterable {
  /// Coins of tied votes. Owner 0, step = step of the vote div 16, see `RandomStream.coins(at:)`.
  case tieBreak = 1
  /// The permutation of an epoch. Owner 0, step = epoch.
  case epochPermutation = 2
  /// The choice of held-out samples. Owner 0, step 0.
  case validationSplit = 3
  /// Initial parameters. Owner = number of the tensor, step 0.
  case initialization = 4
  /// Noise of closed-form objectives. Owner = rank, step = step.
  case gradientNoise = 5
  /// The draws of stochastic signs. Owner = rank or client, step = step of the vote.
  case stochasticSign = 6
  /// Which clients take part in a round. Owner 0, step = round.
  case clients = 7
  /// Which client holds which sample. Owner = 0 or class, step 0.
  case partition = 8
  /// The permutation of an epoch of a client's own samples. Owner = client, step = its epoch.
  case clientEpoch = 9
  /// Which ranks or clients are adversaries. Owner 0, step 0.
  case adversaries = 10
  /// The coins of adversaries that vote at random. Owner = rank or client, step = step of the vote.
  case attack = 11
  /// Which numbers drop-out sets to 0. Owner = rank or client, step = step.
  case dropout = 12
  /// The bytes of generated text. Owner 0, step 0.
  case generation = 13
  /// Changes of training images. Owner = rank or client, step = number of its draw.
  case augmentation = 14
}

/// A stream of random numbers at a place in a run: seed, purpose, owner and step.
///
/// The stream is an array without storage: element `i` can be drawn at any time. To the bit:
/// block `b` of a stream is Philox4x32-10 with
///
/// - key = (low 32 bits of seed, high 32 bits of seed),
/// - counter = (`b` mod 2^32, `step` mod 2^32, `owner`,
///   `purpose` · 2^24 + (`b` >> 32 mod 2^12) · 2^12 + (`step` >> 32 mod 2^12)).
///
/// 64-bit word `i` is made of the 32-bit words 2(i mod 2) (low half) and 2(i mod 2) + 1 (high
/// half) of block i div 2.
public struct RandomStream: Sendable {
  @usableFromInline let key: SIMD2<UInt32>
  @usableFromInline let purpose: UInt32
  @usableFromInline let owner: UInt32
  @usableFromInline let step: UInt64

  /// A stream.
  ///
  /// - Parameters:
  ///   - seed: The seed of the run.
  ///   - purpose: What is drawn.
  ///   - owner: The rank, client or tensor it is drawn for; 0 where all share it.
  ///   - step: The step or epoch, below 2^44.
  public init(seed: UInt64, purpose: RandomPurpose, owner: Int = 0, step: Int = 0) {
    precondition(step >= 0 && step < 1 << 44, "step \(step) outside 0..<2^44")
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.purpose = purpose.rawValue
    self.owner = UInt32(truncatingIfNeeded: owner)
    self.step = UInt64(step)
  }

  /// The 128 bits of a block.
  ///
  /// - Precondition: `index` lies in 0..<2^44.
  @inlinable
  public func block(at index: Int) -> SIMD4<UInt32> {
    precondition(index >= 0 && index < 1 << 44, "block outside 0..<2^44")
    let block = UInt64(index)
    let last =
      purpose << 24 | UInt32(truncatingIfNeeded: block >> 32) << 12
      | UInt32(truncatingIfNeeded: step >> 32)
    return Philox4x32.block(
      counter: SIMD4(
        UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: step), owner, last),
      key: key)
  }

  /// The 32 words of 32 bits of the blocks from one on: word i of block b at place 4·b + i.
  ///
  /// Several times faster than eight blocks one by one.
  ///
  /// - Precondition: `index` is a multiple of 8 in 0..<2^44.
  @inlinable
  @inline(__always)
  public func eightBlocks(at index: Int) -> SIMD32<UInt32> {
    precondition(index >= 0 && index < 1 << 44 && index % 8 == 0, "block outside 0..<2^44")
    let block = UInt64(index)
    let last =
      purpose << 24 | UInt32(truncatingIfNeeded: block >> 32) << 12
      | UInt32(truncatingIfNeeded: step >> 32)
    let first = SIMD8<UInt64>(repeating: block & 0xFFFF_FFFF) &+ SIMD8(0, 1, 2, 3, 4, 5, 6, 7)
    return Philox4x32.eightBlocks(
      first: first, rest: SIMD4(0, UInt32(truncatingIfNeeded: step), owner, last), key: key)
  }

  /// A 64-bit word of the stream.
  @inlinable
  public func word(at index: Int) -> UInt64 {
    let block = block(at: index >> 1)
    return index & 1 == 0
      ? UInt64(block.x) | UInt64(block.y) << 32
      : UInt64(block.z) | UInt64(block.w) << 32
  }

  /// A number uniform in [0, 1): the high 53 bits of word `index`, times 2^-53.
  @inlinable
  public func uniform(at index: Int) -> Double {
    Double(word(at: index) >> 11) * 0x1p-53
  }

  /// A number uniform in 0..<`bound`: the high half of word `index` times `bound`.
  ///
  /// The bias is below `bound` · 2^-64.
  @inlinable
  public func below(_ bound: Int, at index: Int) -> Int {
    Int(truncatingIfNeeded: word(at: index).multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A standard normal number, by Box and Muller from words 2·`index` and 2·`index` + 1.
  ///
  /// With u = 1 - `uniform(at: 2·index)` and v = `uniform(at: 2·index + 1)` it is
  /// sqrt(-2 ln u) cos(2π v), in Double.
  public func normal(at index: Int) -> Double {
    // Both words are of one block, which is drawn once.
    let block = block(at: index)
    let first = UInt64(block.x) | UInt64(block.y) << 32
    let second = UInt64(block.z) | UInt64(block.w) << 32
    let radius = (-2 * log(1 - Double(first >> 11) * 0x1p-53)).squareRoot()
    return radius * cos(2 * Double.pi * (Double(second >> 11) * 0x1p-53))
  }
}
