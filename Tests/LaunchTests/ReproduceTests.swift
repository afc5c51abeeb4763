import Foundation
import TestSupport
import Testing

extension LaunchTests {
  /// `signum reproduce`, by the claims that take a second.
  @Suite struct Reproduce {
    @Test func list_namesEveryClaim() async throws {
      let run = try await Program.run(["reproduce", "--list"])
      #expect(run.succeeded && run.lines.count == 16, "\(run)")
      #expect(run.lines(with: ["T17", "ties"]).count == 1, "\(run)")
    }

    @Test(arguments: 1...3)
    func ranks_findTheSameNumbers(ranks: Int) async throws {
      let alone = try await Self.results(ranks: 1, Self.quick)
      let together = try await Self.results(ranks: ranks, Self.quick)
      #expect(alone.outcome.succeeded && together.outcome.succeeded, "\(together.outcome)")
      #expect(together.outcome.lines(with: ["all 3 claims hold", "on \(ranks) rank"]).count == 1)
      #expect(together.holds == true && alone.values == together.values)
      #expect(alone.values.count > 20)
    }

    /// Gradients of zero move nothing: signSGD gets nowhere, and the claim on it is seen to fail.
    @Test(arguments: 1...2)
    func claimThatFails_endsWithOne(ranks: Int) async throws {
      let run = try await Self.results(
        ranks: ranks, ["sparse-noise", "stochastic-sign"],
        environment: ["SIGNUM_FAULT": "zero-gradient:*:0"])
      #expect(run.outcome.ending == .exited(1) && run.holds == false, "\(run.outcome)")
      let summary = run.outcome.lines(with: ["1 of 2 claims fail: sparse-noise"])
      #expect(summary.count == 1, "\(run.outcome)")
      #expect(run.outcome.lines(with: ["T11 sparse-noise: FAILS"]).count == 1)
      #expect(run.outcome.lines(with: ["T13 stochastic-sign: holds"]).count == 1)
    }

    @Test(arguments: [1, 3])
    func unknownClaim_isRefusedInOneLine(ranks: Int) async throws {
      let run = try await Program.mpirun(ranks, ["reproduce", "T12"], limitSeconds: 30)
      BadInput.expectRefusal(run, words: ["no claim 'T12'", "ties (T17)"])
    }

    @Test(arguments: [1, 3])
    func folderThatCannotBe_isRefusedInOneLine(ranks: Int) async throws {
      let run = try await Program.mpirun(
        ranks, ["reproduce", "T13", "--out", "/dev/null/report"], limitSeconds: 30)
      BadInput.expectRefusal(run, words: ["/dev/null/report", "another folder"])
    }

    @Test func folderWithAnotherPage_isRefusedAndKept() async throws {
      try await withTemporaryFolder { folder in
        let page = folder.appendingPathComponent("README.md")
        try Data("# Mine\n".utf8).write(to: page)
        let run = try await Program.run(["reproduce", "T13", "--out", folder.path])
        BadInput.expectRefusal(run, words: ["README.md", "--out"])
        #expect(try String(contentsOf: page, encoding: .utf8) == "# Mine\n")
      }
    }
  }
}

extension LaunchTests.Reproduce {
  /// Claims with runs of their own, with a single run, and without any.
  private static let quick = ["nonsmooth", "stochastic-sign", "invariances"]

  /// What a run printed, and what its `results.json` has.
  private struct Results {
    let outcome: Outcome
    let holds: Bool?
    /// What was measured, by claim and name.
    let values: [String: [Double]]
  }

  private static func results(
    ranks: Int, _ names: [String], environment: [String: String] = [:]
  ) async throws -> Results {
    try await withTemporaryFolder { folder in
      let outcome = try await Program.mpirun(
        ranks, ["reproduce"] + names + ["--out", folder.path], environment: environment,
        limitSeconds: 120)
      let data = try Data(contentsOf: folder.appendingPathComponent("results.json"))
      let results = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
      var values: [String: [Double]] = [:]
      for claim in try #require(results["claims"] as? [[String: Any]]) {
        for measured in try #require(claim["measurements"] as? [[String: Any]]) {
          let name = "\(claim["name"] ?? ""): \(measured["what"] ?? "")"
          values[name] = measured["values"] as? [Double]
        }
      }
      return Results(outcome: outcome, holds: results["holds"] as? Bool, values: values)
    }
  }
}
