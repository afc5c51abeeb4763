import CounterRandom
import SignBits

/// What voters vote with: every rank can work out the signs of all.
enum Ballots: CaseIterable {
  case withZeros
  case withoutZeros
  case allZero
  /// The first voter abstains in a tensor that no word boundary fits.
  case oneAbstains

  func sign(voter: Int, coordinate: Int, step: Int) -> Int {
    let mixed = UInt64(voter + 1) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(coordinate) &* 0xD1B5_4A32
    let draw = (mixed ^ UInt64(step) &* 0x94D0_49BB_1331_11EB) &* 0xBF58_476D_1CE4_E5B9 >> 33
    switch self {
    case .withZeros: return Int(draw % 3) - 1
    case .withoutZeros: return draw % 2 == 0 ? 1 : -1
    case .allZero: return 0
    case .oneAbstains:
      return voter == 0 && (3..<70).contains(coordinate) ? 0 : draw % 2 == 0 ? 1 : -1
    }
  }

  func fill(_ planes: inout SignPlanes, _ rule: SignRule, voter: Int, step: Int) {
    let values = (0..<planes.count).map { Float(sign(voter: voter, coordinate: $0, step: step)) }
    planes.pack(values.span, rule: rule)
    if self == .oneAbstains, voter == 0, planes.count > 3 {
      planes.abstain(in: 3..<min(70, planes.count))
    }
  }
}

/// The vote in whole numbers, which shares no code with the one on the wire.
enum VoteModel {
  static let seed: UInt64 = 11

  /// Ballots of votes in turn: masks come and go.
  static let course: [Ballots] = [
    .withZeros, .withoutZeros, .withoutZeros, .oneAbstains, .allZero, .withZeros,
  ]

  /// The definition: the sign of the sum; zeros and ties as the rule says.
  static func verdict(
    _ ballots: Ballots, _ rule: SignRule, voters: Int, coordinate: Int, step: Int
  ) -> Int {
    let sum = (0..<voters).reduce(0) { total, voter in
      let sign = ballots.sign(voter: voter, coordinate: coordinate, step: step)
      // Under `positive` a zero counts as +1, but for a voter that abstains in a tensor.
      let counts = rule == .positive && sign == 0 && ballots != .oneAbstains
      return total + (counts ? 1 : sign)
    }
    if sum != 0 { return sum.signum() }
    switch rule {
    case .exact: return 0
    case .positive: return 1
    case .fair:
      let coins = RandomStream(seed: seed, purpose: .tieBreak, step: step / 16)
      return coins.word(at: coordinate / 64) >> UInt64(coordinate % 64) & 1 == 1 ? -1 : 1
    }
  }
}
