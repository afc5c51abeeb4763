import AlignedBuffers
import SignDescent
import Testing

@testable import Training

@Suite("Who votes")
struct ElectorateTests {
  @Test(arguments: [1, 2, 3, 5, 8], [1, 3, 12, 100])
  func everyClient_isHostedOnce(ranks: Int, clients: Int) {
    let hosted = (0..<ranks).map { rank in
      Electorate(clients: clients, attendance: clients, seed: 1, ranks: ranks, rank: rank).hosted
    }
    for client in 0..<clients {
      #expect((0..<ranks).filter { hosted[$0].contains(client) } == [client * ranks / clients])
    }
  }

  @Test(arguments: [0, 1, 7, 1000])
  func attendance_doesNotDependOnRanks(round: Int) {
    func present(ranks: Int) -> [Int] {
      (0..<ranks).flatMap { rank in
        Electorate(clients: 20, attendance: 6, seed: 9, ranks: ranks, rank: rank)
          .voters(at: round)
      }
    }
    #expect(present(ranks: 1).count == 6 && Set(present(ranks: 1)).count == 6)
    for ranks in 2...5 { #expect(present(ranks: ranks) == present(ranks: 1)) }
    let other = Electorate(clients: 20, attendance: 6, seed: 9, ranks: 1, rank: 0)
      .voters(at: round + 1)
    #expect(present(ranks: 1) != other)
  }

  @Test func attendance_isFairOverRounds() {
    let electorate = Electorate(clients: 10, attendance: 3, seed: 4, ranks: 1, rank: 0)
    var rounds = [Int](repeating: 0, count: 10)
    for round in 0..<2_000 { for client in electorate.voters(at: round) { rounds[client] += 1 } }
    // 600 expected; the standard deviation of a binomial is 20.5.
    #expect(rounds.allSatisfy { abs($0 - 600) < 100 }, "\(rounds)")
  }

  @Test(arguments: [(0.1, 100, 10), (0.004, 100, 1), (1, 7, 7), (0.5, 5, 3), (0.3, 10, 3)])
  func participation_isRounded(share: Double, clients: Int, expected: Int) {
    let cohort = Cohort(
      clients: clients, participation: share, localSteps: 1, localLearningRate: 0.1)
    #expect(cohort.attendance == expected)
  }

  @Test(arguments: [(0.0, 7, 0), (0.43, 7, 3), (3.0 / 7, 7, 3), (0.57, 7, 4), (0.1, 4, 0)])
  func adversaries_areRoundedAndSeeded(share: Double, voters: Int, expected: Int) {
    let members = Adversaries.members(fraction: share, of: voters, seed: 3)
    #expect(members.count == expected && members.allSatisfy((0..<voters).contains))
    #expect(members == Adversaries.members(fraction: share, of: voters, seed: 3))
  }

  @Test func adversaries_differByTheSeed() {
    let choices = (1...20).map { Adversaries.members(fraction: 0.3, of: 50, seed: $0) }
    #expect(Set(choices).count > 15)
  }
}

@Suite("Local steps")
struct LocalStepsTests {
  /// f(y) = ½·c·y² with its own c each draw.
  @Test(arguments: [2, 3, 5])
  func localSteps_areDescentAndTheMeanOfItsGradients(count: Int) throws {
    let steps = LocalSteps(count: count, learningRate: 0.25, parameters: 3)
    var start = AlignedBuffer<Float>(repeating: 0, count: 3)
    for index in 0..<3 { start[index] = Float(index + 1) }
    for round in 0..<2 {
      var result = AlignedBuffer<Float>(repeating: .nan, count: 3)
      var draw = 0
      try steps.run(from: start.span, into: &result) { point, gradient in
        draw += 1
        for index in 0..<3 { gradient[index] = Float(draw) * point[index] }
      }
      #expect(draw == count)
      for index in 0..<3 {
        var point = Float(index + 1)
        var sum: Float = 0
        for draw in 1...count {
          sum += Float(draw) * point
          point -= 0.25 * (Float(draw) * point)
        }
        #expect(result[index] == sum / Float(count), "round \(round)")
      }
    }
  }
}
