import Foundation
import TestSupport
import Testing

/// Starts the rank tests, so that plain `swift test` is the whole gate.
@Suite("Rank tests under mpirun", .outsideLauncher, .serialized)
struct RankTestsUnderMpirunTests {
  private static let limitSeconds = 480

  @Test("All ranks pass the same tests", arguments: [1, 2, 3, 4])
  func allRanksPass(ranks: Int) async throws {
    try await run(#"^RankTests\."#, ranks: ranks, atLeast: 20)
  }

  /// Counters grow with the number of ranks: 5 to 9 cross two more widths, odd and even.
  @Test("All ranks vote alike", arguments: [5, 6, 7, 8, 9])
  func allRanksVoteAlike(ranks: Int) async throws {
    try await run(
      #"^RankTests\.MajorityVoteTests/verdict_equalsTheModel"#, ranks: ranks, atLeast: 1)
  }

  /// Nodes of one to nine ranks in one run; groups of √N by messages.
  @Test("Nodes of uneven sizes vote alike", arguments: [5, 7, 9])
  func nodesVoteAlike(ranks: Int) async throws {
    try await run(
      #"^RankTests\.HierarchicalTests/verdict_equalsTheModel"#, ranks: ranks, atLeast: 1)
  }

  @Test("Many more ranks than cores vote alike", arguments: [16, 32, 64])
  func manyRanksVoteAlike(ranks: Int) async throws {
    try await run(
      #"^RankTests\.ManyRanksTests/"#, ranks: ranks, atLeast: 1, limitSeconds: 600)
  }

  @Test func fiveRanks_castTheBallotsOfManyVoters() async throws {
    try await run(
      #"^RankTests\.SeveralVotersTests/verdict_equalsTheModel"#, ranks: 5, atLeast: 1)
  }

  private func run(
    _ filter: String, ranks: Int, atLeast fewest: Int, limitSeconds: Int = Self.limitSeconds
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }

    // A file for each rank: mpirun may join lines of several ranks.
    let result = try await runProcess(
      "mpirun",
      arguments: [
        "-np", "\(ranks)", "--timeout", "\(limitSeconds)", "sh", "-c",
        #"exec "$0" "$@" > "$SIGNUM_RANK_OUTPUT/${PMIX_RANK:-$OMPI_COMM_WORLD_RANK}" 2>&1"#,
        try Program.tests(), "--testing-library", "swift-testing", "--no-parallel", "--filter",
        filter,
      ],
      environment: Launch.environment(ranks: ranks)
        .merging(["SIGNUM_RANK_OUTPUT": folder.path]) { $1 },
      limitSeconds: Double(limitSeconds + 10))

    let reports = (0..<ranks).map { rank in
      (try? String(contentsOf: folder.appending(path: "\(rank)"), encoding: .utf8)) ?? ""
    }
    let everything = ([result.standardError] + reports).joined(separator: "\n")
    #expect(result.ending == .exited(0), "\(everything)")
    // A run in which every suite is disabled exits with 0 too, so the tests themselves are counted.
    let passed = reports.map { report in
      report.matches(of: #/Test (\S+\(.*?\)) .*passed after/#).map { String($0.output.1) }
    }
    #expect(passed[0].count >= fewest, "\(everything)")
    #expect(Set(passed).count == 1, "the ranks differ: \(everything)")
  }
}
