internal import SignBits

/// What is timed.
enum Kernel: Equatable {
  /// a = b + s·c, the yardstick.
  case triad
  /// Momentum, check, flush and packing in one pass.
  case fusedPass(SignRule)
  /// Signs of values.
  case pack
  /// The step by the verdict's signs, with and without weight decay.
  case update(decay: Bool)
  /// A ballot written as a tally.
  case tallyWrite
  /// A tally added to another, as the operation of the reduction does.
  case tallyAdd
  /// The verdict of a tally.
  case verdict(SignRule)

  /// The kernels compared with the triad, in the order of a step.
  static var all: [Kernel] {
    SignRule.allCases.map(Kernel.fusedPass) + [.pack, .tallyWrite, .tallyAdd]
      + SignRule.allCases.map(Kernel.verdict) + [.update(decay: false), .update(decay: true)]
  }

  /// The name in the table: no spaces.
  var name: String {
    switch self {
    case .triad: "triad"
    case .fusedPass(let rule): "fused-pass/\(rule.rawValue)"
    case .pack: "pack"
    case .update(let decay): decay ? "update/decay" : "update"
    case .tallyWrite: "tally-write"
    case .tallyAdd: "tally-add"
    case .verdict(let rule): "verdict/\(rule.rawValue)"
    }
  }

  /// Bytes read and written for each parameter, without what caches add.
  var bytesPerParameter: Double {
    let planes = Double(Tally.planeCount(ranks: Workspace.ranks, masked: false))
    return switch self {
    case .triad: 12
    case .fusedPass: 12 + 2 / 8.0
    case .pack: 4 + 2 / 8.0
    case .update: 8 + 2 / 8.0
    case .tallyWrite: (1 + planes) / 8
    case .tallyAdd: 3 * planes / 8
    case .verdict: (planes + 2) / 8
    }
  }
}
