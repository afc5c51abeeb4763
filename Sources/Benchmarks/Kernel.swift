internal import SignBits

/// What is timed.
enum Kernel: Equatable {
  /// a = b + s·c, the yardstick.
  case triad
  /// Momentum, check, flush and packing in one pass.
  case momentum(SignRule)
  /// The same of Lion's two averages.
  case lion
  /// The same of the recursive estimator.
  case storm
  /// The point ahead of the parameters.
  case lookAhead
  /// Stochastic signs of values.
  case stochastic
  /// Signs of values.
  case pack
  /// The verdict of so many ballots, block by block, with coins at hand.
  case tally(ballots: Int)
  /// The coins of all words.
  case coins
  /// A ballot written as a tally.
  case tallyWrite
  /// A tally added to another, as the operation of the reduction does.
  case tallyAdd
  /// The verdict of the sum of all tallies and the own one, with coins at hand.
  case verdict(SignRule)
  /// Both planes of the verdict as trits, and back.
  case writeTrits, readTrits
  /// The step by the verdict's signs, with and without weight decay.
  case update(decay: Bool)

  /// The numbers of ballots that are tallied.
  static let ballots = [2, 3, 4, 8, 16]

  /// The kernels compared with the triad, in the order of a step.
  static var all: [Kernel] {
    SignRule.allCases.map(Kernel.momentum) + [.lion, .storm, .lookAhead, .stochastic, .pack]
      + ballots.map(Kernel.tally) + [.coins, .tallyWrite, .tallyAdd]
      + SignRule.allCases.map(Kernel.verdict)
      + [.writeTrits, .readTrits, .update(decay: false), .update(decay: true)]
  }

  /// The name in the table: no spaces.
  var name: String {
    switch self {
    case .triad: "triad"
    case .momentum(let rule): "momentum/\(rule.rawValue)"
    case .lion: "lion"
    case .storm: "storm"
    case .lookAhead: "look-ahead"
    case .stochastic: "stochastic"
    case .pack: "pack"
    case .tally(let ballots): "tally/\(ballots)"
    case .coins: "coins"
    case .tallyWrite: "tally-write"
    case .tallyAdd: "tally-add"
    case .verdict(let rule): "verdict/\(rule.rawValue)"
    case .writeTrits: "write-trits"
    case .readTrits: "read-trits"
    case .update(let decay): decay ? "update/decay" : "update"
    }
  }

  /// Bytes read and written for each parameter, without what caches add.
  var bytesPerParameter: Double {
    let planes = Double(Tally.planeCount(ranks: Workspace.ranks, masked: false))
    return switch self {
    case .triad, .lookAhead: 12
    case .momentum, .lion: 12 + 2 / 8.0
    case .storm: 16 + 2 / 8.0
    case .stochastic, .pack: 4 + 2 / 8.0
    // Even numbers of ballots tie, and a coin is read.
    case .tally(let ballots): Double(ballots / 2 * 2 + 2) / 8
    case .coins: 1 / 8.0
    case .tallyWrite: (1 + planes) / 8
    case .tallyAdd: 3 * planes / 8
    // One plane of the own tally, and a coin, or the mask.
    case .verdict(let rule): (planes + (rule == .positive ? 2 : 3)) / 8
    case .writeTrits, .readTrits: 2 / 8.0 + 1 / 5.0
    case .update: 8 + 2 / 8.0
    }
  }
}
