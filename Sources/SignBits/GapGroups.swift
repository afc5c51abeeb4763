/// Codes and decodes gaps by groups of eight, each in one vector.
struct GapGroups {
  static let size = 8
  /// The most zeros and ones of half a group that are joined: so none of its gaps has more than 32.
  static let mostJoinedBits: UInt64 = 35

  typealias Lanes = SIMD8<UInt32>
  typealias Pairs = SIMD4<UInt64>

  /// The low bits of a gap.
  let shift: Int
  private let shiftLanes: Lanes
  /// The lowest eight low bits, and those above.
  private let fields: BitFields
  private let upperFields: BitFields

  init(shift: Int) {
    self.shift = shift
    shiftLanes = Lanes(repeating: UInt32(shift))
    fields = BitFields(bits: min(shift, 8))
    upperFields = BitFields(bits: max(shift - 8, 0))
  }

  /// Codes the gaps between places.
  ///
  /// - Parameters:
  ///   - places: One more than there are gaps.
  ///   - count: The number of gaps, of whole groups.
  ///   - low: Where their low bits go, `shift` bytes for each group; passed. Up to eight bytes after
  ///     them are written too.
  ///   - quotients: For each group eight words: the zeros and ones of its gaps by four in the first
  ///     and the third word, how many these are in the fifth and the seventh.
  func code(
    _ places: UnsafePointer<UInt32>, count: Int, low: inout UnsafeMutableRawPointer,
    quotients: UnsafeMutablePointer<UInt64>
  ) {
    let one = Lanes(repeating: 1)
    let lower = Pairs(repeating: 0xFFFF_FFFF)
    for first in stride(from: 0, to: count, by: Self.size) {
      let gaps = unsafe Self.differences(places + first)
      unsafe low.storeBytes(of: fields.pack(gaps), as: UInt64.self)
      if shift > 8 {
        unsafe low.storeBytes(
          of: upperFields.pack(gaps &>> 8), toByteOffset: 8, as: UInt64.self)
      }
      unsafe low += shift
      let zeros = gaps &>> shiftLanes
      // The even lanes are the low halves of words.
      var codes = unsafe unsafeBitCast(one &<< zeros, to: Pairs.self)
      var codeLengths = unsafe unsafeBitCast(zeros &+ one, to: Pairs.self)
      codes = codes & lower | (codes &>> 32) &<< (codeLengths & lower)
      codeLengths = codeLengths & lower &+ codeLengths &>> 32
      codes |= Self.odd(codes) &<< codeLengths
      codeLengths &+= Self.odd(codeLengths)
      let target = unsafe UnsafeMutableRawPointer(quotients + first)
      unsafe target.storeBytes(of: codes, as: Pairs.self)
      unsafe target.storeBytes(of: codeLengths, toByteOffset: 32, as: Pairs.self)
    }
  }

  /// Decodes gaps, each with the set bit that ends it.
  ///
  /// - Parameters:
  ///   - ones: The places of the ones, and before them that of the one before.
  ///   - count: The number of gaps; a group is decoded whole.
  ///   - low: Where their low bits are; passed. Up to eight bytes after them are read too.
  ///   - steps: Room for as many as whole groups have.
  func decode(
    _ ones: UnsafePointer<UInt32>, count: Int, low: inout UnsafeRawPointer,
    into steps: UnsafeMutablePointer<UInt32>
  ) {
    for first in stride(from: 0, to: count, by: Self.size) {
      var lows = unsafe fields.unpack(low.loadUnaligned(as: UInt64.self))
      if shift > 8 {
        let upper = unsafe low.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        lows |= upperFields.unpack(upper) &<< 8
      }
      unsafe low += shift
      let zeros = unsafe Self.differences(ones + first)
      let target = unsafe UnsafeMutableRawPointer(steps + first)
      unsafe target.storeBytes(of: (zeros &<< shiftLanes | lows) &+ 1, as: Lanes.self)
    }
  }

  /// What lies between each of eight places and the next one.
  @inline(__always)
  private static func differences(_ places: UnsafePointer<UInt32>) -> Lanes {
    let start = unsafe UnsafeRawPointer(places)
    let before = unsafe start.loadUnaligned(as: Lanes.self)
    let after = unsafe start.loadUnaligned(fromByteOffset: 4, as: Lanes.self)
    return after &- before &- 1
  }

  /// The odd lanes, each also in the place before it.
  @inline(__always)
  private static func odd(_ pairs: Pairs) -> Pairs { Pairs(pairs[1], pairs[1], pairs[3], pairs[3]) }
}

/// Packs eight numbers of at most eight bits into as many bytes as one of them has bits.
private struct BitFields {
  typealias Lanes = GapGroups.Lanes
  typealias Pairs = GapGroups.Pairs

  private let bits: Pairs
  private let mask: Pairs
  private let offsets: Pairs

  init(bits: Int) {
    self.bits = Pairs(repeating: UInt64(bits))
    mask = Pairs(repeating: 1 &<< UInt64(bits) &- 1)
    offsets = Self.offsets[bits]
  }

  /// Where the fields of two lanes begin, by their bits.
  ///
  /// In memory: where the compiler knows how the amounts of a shift came about, it makes a shift of
  /// each word.
  private static let offsets: [Pairs] = (0...8).map { Pairs(0, 2, 4, 6) &* $0 }

  /// Packs the low bits of each lane.
  @inline(__always)
  func pack(_ numbers: Lanes) -> UInt64 {
    let pairs = unsafe unsafeBitCast(numbers, to: Pairs.self)
    let fields = (pairs & mask | (pairs &>> 32 & mask) &<< bits) &<< offsets
    return fields[0] | fields[1] | fields[2] | fields[3]
  }

  @inline(__always)
  func unpack(_ word: UInt64) -> Lanes {
    let fields = Pairs(repeating: word) &>> offsets
    return unsafe unsafeBitCast(
      fields & mask | (fields &>> bits & mask) &<< 32, to: Lanes.self)
  }
}
