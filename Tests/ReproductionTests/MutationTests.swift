import MPIKit
import SignBits
import Testing
import Training

@testable import Reproduction

/// Claims run on algorithms that are broken on purpose: the right ones have to fail.
@Suite("Claims about broken algorithms", .serialized)
struct MutationTests {
  /// The verdicts of claims, cut short, by name.
  private func verdicts(
    of names: [String], alter: @escaping (inout TrainingOptions) -> Void = { _ in }
  ) throws -> [String: Bool] {
    let laboratory = try Laboratory(MPI.startForTests(), isBrief: true, alter: alter)
    var verdicts: [String: Bool] = [:]
    for claim in try Claim.named(names) {
      verdicts[claim.name] = try claim.run(laboratory).holds
    }
    return verdicts
  }

  @Test func unaltered_allHold() throws {
    let verdicts = try verdicts(
      of: [
        "skewed-noise", "nonsmooth", "extrapolation", "stochastic-sign", "ties", "flips",
      ])
    #expect(verdicts.count == 6 && verdicts.values.allSatisfy { $0 }, "\(verdicts)")
  }

  @Test func signOfTheMomentumWeightFlipped_claimsOnMomentumFail() throws {
    let verdicts = try verdicts(of: ["skewed-noise", "nonsmooth", "ties", "flips"]) {
      $0.momentum = $0.momentum.map { -$0 }
    }
    #expect(
      verdicts == ["skewed-noise": false, "nonsmooth": false, "ties": true, "flips": false])
  }

  @Test func momentumDropped_claimsOnMomentumFail() throws {
    let verdicts = try verdicts(of: ["skewed-noise", "nonsmooth", "ties", "flips"]) {
      $0.momentum = $0.momentum.map { _ in 0 }
    }
    #expect(
      verdicts == ["skewed-noise": false, "nonsmooth": false, "ties": true, "flips": false])
  }

  @Test func tiesCountAsPositive_theClaimOnTiesFails() throws {
    let verdicts = try verdicts(of: ["skewed-noise", "extrapolation", "ties", "flips"]) {
      $0.signRule = .positive
    }
    #expect(
      verdicts == ["skewed-noise": true, "extrapolation": true, "ties": false, "flips": true])
  }

  @Test func extrapolationForgotten_theClaimOnItFails() throws {
    let verdicts = try verdicts(of: ["skewed-noise", "extrapolation", "ties"]) {
      if $0.algorithm == .signumExtrapolated { $0.algorithm = .signum }
    }
    #expect(verdicts == ["skewed-noise": true, "extrapolation": false, "ties": true])
  }
}
