internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// The route `dense`: the signs as Float32, summed by MPI_Allreduce.
///
/// Whole numbers below 2^24 are exact in Float32, so the sum does not depend on its order. It
/// shares no code with the other routes below the ballot's bits: the oracle they are compared
/// with, at 32 times the traffic.
final class DenseRoute: BallotRoute {
  private let rule: SignRule
  private let coordinateCount: Int
  private let sum: FloatSum

  init(coordinateCount: Int, rule: SignRule, ranks: Int, rank: Int) {
    self.rule = rule
    self.coordinateCount = coordinateCount
    sum = FloatSum(count: coordinateCount, ranks: ranks, rank: rank)
  }

  var traffic: Traffic { sum.traffic }

  func begin(
    _ ballot: borrowing SignPlanes, control: ControlBlock, masked: Bool,
    on communicator: borrowing Communicator
  ) throws(MPIError) {
    let signs = ballot.signs.span
    let masks = ballot.masks.span
    sum.withAddend { addend in
      for index in addend.indices {
        let isNegative = signs[index / 64] >> UInt64(index % 64) & 1 == 1
        let abstains = masks[index / 64] >> UInt64(index % 64) & 1 == 1
        addend[index] = abstains ? 0 : isNegative ? -1 : 1
      }
    }
    try sum.begin(control: control, on: communicator)
  }

  func wait(_ patience: Patience) throws { try sum.wait(patience) }

  func control(of rank: Int) -> ControlBlock { sum.control(of: rank) }

  func tally(masked: Bool, coins: TieCoins, into verdict: inout SignPlanes) {
    sum.withSum { sums in
      for index in 0..<coordinateCount {
        if sums[index] != 0 {
          verdict[index] = sums[index] < 0 ? -1 : 1
        } else {
          switch rule {
          case .fair:
            let coins = coins.word(at: index / 64)
            verdict[index] = coins >> UInt64(index % 64) & 1 == 1 ? -1 : 1
          case .exact: verdict[index] = 0
          case .positive: verdict[index] = 1
          }
        }
      }
    }
  }
}
