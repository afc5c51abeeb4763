import Foundation
import MPIKit
import Plots
import RunLog
import Training

/// `signum reproduce`: the claims of the theory, run and judged.
public enum ReproductionProgram {
  /// The folder of the report when none is named.
  public static let standardFolder = "reproduction"

  /// Checks the names of claims.
  ///
  /// - Throws: An error that describes itself in one line, with the names that there are.
  public static func check(_ names: [String]) throws {
    _ = try Claim.named(names)
  }

  /// Names, numbers and statements of all claims, as lines.
  public static var listing: [String] {
    let width = Claim.all.map(\.name.count).max() ?? 0
    return Claim.all.map { claim in
      "\(filled(claim.label, 4)) \(filled(claim.name, width))  \(claim.statement)"
    }
  }

  /// Runs claims on all ranks of the launcher and writes the report.
  ///
  /// - Parameters:
  ///   - names: Claims by name or number; none for all.
  ///   - path: The folder of the report.
  /// - Returns: The exit code: 0 when all claims hold, 1 when one fails, 2 when it could not begin.
  public static func run(_ names: [String], folder path: String) -> Int32 {
    var report: Report?
    let status = RankProgram.run { world in
      let prepared = Result {
        let claims = try Claim.named(names)
        if world.rank == 0 { try Report.prepare(path) }
        return claims
      }
      guard try Agreement.isReady(prepared.failure, on: world) else { return 2 }
      report = try run(prepared.get(), on: world)
      // A launcher reports the worst exit code: one rank answers.
      return world.rank > 0 || report?.holds == true ? 0 : 1
    }
    // After the ranks have parted: gnuplot is another process.
    guard let report, report.isFirstRank, status != 2 else { return status }
    do {
      if !Gnuplot.isInstalled {
        Console.print("gnuplot was not found: the report has tables in place of plots")
      }
      try report.write(to: path)
      Console.print("\(report.summary); see \(path)/README.md")
    } catch {
      Console.complain("\(error)")
      return 1
    }
    return status
  }

  private static func run(
    _ claims: [Claim], on world: borrowing Communicator
  ) throws -> Report {
    var report = Report(ranks: world.size, isFirstRank: world.rank == 0)
    for claim in claims {
      let start = ContinuousClock.now
      let laboratory = try Laboratory(
        world, seed: report.seed, report: { Console.print("  \(claim.name): \($0)") })
      let finding = try claim.run(laboratory)
      let time = (ContinuousClock.now - start) / .seconds(1)
      let result = Report.Entry(claim: claim, finding: finding, seconds: time)
      report.entries.append(result)
      if world.rank == 0 { for line in result.lines { Console.print(line) } }
    }
    return report
  }
}

extension Result {
  /// The error, if any.
  fileprivate var failure: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
