import Foundation

/// What a way to exchange gradients costs, by how its messages grow with the ranks.
///
/// Seconds of a vote = alpha · messages in turn + kappa · wire seconds + tau · parameters. Wire
/// seconds are those of a node's bytes on its link with the headers of Ethernet, IP and TCP.
struct CostModel: Sendable {
  /// The shape of the messages.
  enum Shape: Sendable {
    /// To the owner of each shard and back from each: 2(N−1) messages, `bits`·2(N−1)/N each way.
    case owners(bits: Double)
    /// A collective of MPI: 2·log2 N messages in turn, `bits`·2(N−1)/N.
    case collective(bits: Double)
    /// A collective of MPI on ⌈log2 N⌉ planes of counters: without the low one, which only masks need,
    /// and without a highest one that the own ballot tells.
    case counters
    /// All to all: N−1 messages, `bits`·(N−1).
    case everyone(bits: Double)
    /// Between nodes only: a tally of the node's ranks to each shard's owner and one verdict back,
    /// 2(L−1) messages of a rank for L nodes, and the node's own meeting.
    case nodes

    /// The shape of a method by its flags; nil where there is no model of it.
    init?(vote: String?, mean: String?) {
      switch (vote, mean) {
      case (_, "fixed"?): self = .owners(bits: 32)
      case (_, _?): self = .collective(bits: 32)
      case ("exchange"?, nil): self = .owners(bits: 1)
      case ("gather"?, nil): self = .everyone(bits: 1)
      case ("dense"?, nil): self = .collective(bits: 32)
      case ("allreduce"?, nil): self = .counters
      case ("hierarchical"?, nil): self = .nodes
      default: return nil
      }
    }
  }

  /// The header of a message, the control block.
  static let headerBytes = 64.0
  /// Bytes on an Ethernet with frames of 1500 for each byte of payload.
  static let wireFactor = 1514.0 / 1448

  let shape: Shape
  /// Measured bytes over those of the shape: masks add, coding takes away.
  var payload = 1.0
  /// Seconds of a message.
  var alpha = 0.0
  /// Wire seconds that are really taken for each.
  var kappa = 1.0
  /// Seconds of work for a parameter within the vote.
  var tau = 0.0

  init(_ shape: Shape) { self.shape = shape }

  /// Messages in turn.
  func messages(_ work: Work) -> Double {
    switch shape {
    case .owners: 2 * Double(work.ranks - 1)
    case .collective, .counters: 2 * log2(Double(work.ranks)).rounded(.up)
    case .everyone: Double(work.ranks - 1)
    case .nodes: 2 * Double(work.nodes - 1) + 1
    }
  }

  /// Bytes that a rank sends, before `payload`.
  func bytes(_ work: Work) -> Double {
    let all = Double(work.ranks)
    let planeBytes = work.parameters / 8
    switch shape {
    case .owners(let bits): return 2 * (all - 1) * (bits * planeBytes / all + Self.headerBytes)
    case .collective(let bits): return 2 * (all - 1) / all * bits * planeBytes
    case .counters: return 2 * (all - 1) / all * log2(all).rounded(.up) * planeBytes
    case .everyone(let bits): return (all - 1) * (bits * planeBytes + Self.headerBytes)
    case .nodes:
      let bits = Self.counterBits(work.ranksOfANode) + 1
      return Double(work.nodes - 1) * (bits * planeBytes / all + 2 * Self.headerBytes)
    }
  }

  /// Planes of a count of so many ballots, without the low one that only masks need.
  private static func counterBits(_ ballots: Int) -> Double {
    (log2(Double(ballots)) + 1).rounded(.down)
  }

  /// Seconds of the node's link: its ranks share it, and what stays on the node needs no link.
  func wireSeconds(_ work: Work) -> Double {
    guard work.nodes > 1 else { return 0 }
    let local = Double(work.ranksOfANode)
    let leaving: Double
    if case .nodes = shape {
      leaving = 1
    } else {
      leaving = (Double(work.ranks) - local) / Double(work.ranks - 1)
    }
    return 8 * payload * bytes(work) * leaving * local * Self.wireFactor / work.linkRate
  }

  /// Seconds of a vote; 0 for one rank.
  func seconds(_ work: Work) -> Double {
    guard work.ranks > 1 else { return 0 }
    return alpha * messages(work) + kappa * wireSeconds(work) + tau * work.parameters
  }
}

extension CostModel {
  /// Fits the coefficients to votes, with the least squares of relative errors.
  ///
  /// Nothing is faster than its link, so kappa is at least 1 where rates are known; where they are
  /// not it stays 1, and what was measured is beside the wire.
  mutating func fit(_ votes: [(work: Work, seconds: Double)]) {
    let rows = votes.map { vote in
      [messages(vote.work), wireSeconds(vote.work), vote.work.parameters]
        .map { $0 / vote.seconds }
    }
    let rest = rows.map { 1 - $0[1] }
    let fit = nonNegativeLeastSquares(rows, rest)
    (alpha, kappa, tau) = (fit[0], 1 + fit[1], fit[2])
  }
}

/// What a vote has to do, and where.
struct Work: Sendable {
  var ranks: Int
  var parameters: Double
  /// Bits a second of a node's link; infinite where it is unknown.
  var linkRate: Double
  /// Ranks that share the link.
  var ranksPerNode = 1
  /// The samples of a rank in a step.
  var batch: Int?

  /// The ranks that really share a link.
  var ranksOfANode: Int { min(ranksPerNode, ranks) }
  /// The nodes that the ranks fill.
  var nodes: Int { (ranks + ranksOfANode - 1) / ranksOfANode }
}

/// The coefficients ≥ 0 with the least sum of squared errors.
///
/// - Parameters:
///   - rows: The inputs of each equation, all of one length of at most 4.
///   - targets: What each should sum up to.
/// - Returns: A coefficient for each input.
/// - Complexity: O(2^inputs · equations).
func nonNegativeLeastSquares(_ rows: [[Double]], _ targets: [Double]) -> [Double] {
  let inputs = rows.first?.count ?? 0
  var best = [Double](repeating: 0, count: inputs)
  var bestError = targets.reduce(0) { $0 + $1 * $1 }
  for mask in 1..<(1 << inputs) {
    let chosen = (0..<inputs).filter { mask >> $0 & 1 == 1 }
    guard let part = solve(chosen, rows, targets), part.allSatisfy({ $0 >= 0 }) else { continue }
    var all = [Double](repeating: 0, count: inputs)
    for (place, input) in chosen.enumerated() { all[input] = part[place] }
    let error = zip(rows, targets).reduce(0.0) { sum, equation in
      let value = zip(equation.0, all).reduce(0) { $0 + $1.0 * $1.1 }
      return sum + (value - equation.1) * (value - equation.1)
    }
    // More inputs must explain more than rounding.
    if error < bestError * (1 - 1e-9) { (best, bestError) = (all, error) }
  }
  return best
}

/// The least squares of some inputs by Gaussian elimination; nil where they depend on each other.
private func solve(_ chosen: [Int], _ rows: [[Double]], _ targets: [Double]) -> [Double]? {
  let size = chosen.count
  guard rows.count >= size else { return nil }
  // Columns of very different units are scaled first.
  let scales = chosen.map { input in
    rows.reduce(0) { $0 + $1[input] * $1[input] }.squareRoot()
  }
  guard scales.allSatisfy({ $0 > 0 }) else { return nil }
  var matrix = (0..<size).map { row in
    (0..<size).map { column in
      rows.reduce(0) { $0 + $1[chosen[row]] * $1[chosen[column]] } / scales[row] / scales[column]
    } + [zip(rows, targets).reduce(0) { $0 + $1.0[chosen[row]] * $1.1 } / scales[row]]
  }
  for pivot in 0..<size {
    guard let row = (pivot..<size).max(by: { abs(matrix[$0][pivot]) < abs(matrix[$1][pivot]) }),
      abs(matrix[row][pivot]) > 1e-9
    else { return nil }
    matrix.swapAt(pivot, row)
    for other in 0..<size where other != pivot {
      let factor = matrix[other][pivot] / matrix[pivot][pivot]
      for column in pivot...size { matrix[other][column] -= factor * matrix[pivot][column] }
    }
  }
  return (0..<size).map { matrix[$0][size] / matrix[$0][$0] / scales[$0] }
}
