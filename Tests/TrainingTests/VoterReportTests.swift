import Testing
import Voting

@testable import Training

@Suite("Report of a rank's voters")
struct VoterReportTests {
  /// The control block of voters by their losses and the tensors in which they abstain.
  private func control(_ voters: [(loss: Double, tensors: [Int])]) -> ControlBlock {
    var report = VoterReport()
    for voter in voters where report.add(.init(samples: 2, loss: voter.loss)) {
      report.addNotFinite(voter.tensors)
    }
    var control = ControlBlock()
    report.write(to: &control)
    return control
  }

  @Test func oneVoter_saysWhatItLacks() {
    #expect(!control([(1, [])]).reportsAbstention)
    let tensors = control([(1, [2, 4])])
    #expect(tensors.abstainedTensors == 2 && tensors.firstAbstainedTensor == 2)
    #expect(!tensors.flags.contains(.lossNotFinite))
    #expect(control([(.nan, [])]).flags.contains(.lossNotFinite))
  }

  @Test func someOfSeveral_areNotTheRank() {
    let control = control([(.nan, []), (1, []), (1, [3])])
    #expect(control.flags.contains(.someVoterAbstains) && control.abstainedTensors == 0)
    #expect(control.reportsAbstention && !control.abstainsWholly(tensors: 4))
  }

  /// The rank abstains only in what none of its voters votes on.
  @Test func allOfSeveral_abstainAsFarAsTheOneThatVotesMost() {
    let mixed = control([(.nan, []), (1, [3]), (1, [0, 1, 2])])
    #expect(mixed.abstainedTensors == 1 && mixed.firstAbstainedTensor == 3)
    #expect(!mixed.abstainsWholly(tensors: 4))
    #expect(control([(.nan, []), (.nan, [])]).abstainsWholly(tensors: 4))
    #expect(control([(.nan, []), (1, [0, 1, 2, 3])]).abstainsWholly(tensors: 4))
  }
}
