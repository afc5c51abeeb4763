internal import AlignedBuffers
internal import MPIKit
internal import SignBits

/// The route `dense`: the signs, or the sums of several, as Float32, summed by MPI_Allreduce.
///
/// Whole numbers below 2^24 are exact in Float32, so the sum does not depend on its order. It
/// shares no code with the other routes below the ballot's bits: the oracle they are compared
/// with, at 32 times the traffic.
final class DenseRoute: BallotRoute {
  private let shape: VoteShape
  private let sum: FloatSum

  init(_ shape: VoteShape) {
    self.shape = shape
    sum = FloatSum(count: shape.coordinateCount, ranks: shape.ranks, rank: shape.rank)
  }

  var traffic: Traffic { sum.traffic }

  func begin(
    _ contribution: Contribution, control: ControlBlock, masked: Bool,
    on communicator: borrowing Communicator
  ) throws(MPIError) {
    sum.withAddend { addend in
      for index in addend.indices { addend[index] = Float(contribution.signSum(at: index)) }
    }
    try sum.begin(control: control, on: communicator)
  }

  func wait(_ patience: Patience, on communicator: borrowing Communicator) throws {
    try sum.wait(patience)
  }

  func control(of rank: Int) -> ControlBlock { sum.control(of: rank) }

  func tally(masked: Bool, coins: TieCoins, into verdict: inout SignPlanes) {
    sum.withSum { sums in
      for index in 0..<shape.coordinateCount {
        if sums[index] != 0 {
          verdict[index] = sums[index] < 0 ? -1 : 1
        } else {
          switch shape.rule {
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
