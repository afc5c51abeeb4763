import Testing

extension LaunchTests {
  /// The same bits by every route, and every time.
  @Suite struct Hashes {
    static let rules = ["fair", "exact", "positive"]
    static let routes = ["allreduce", "exchange", "hierarchical", "gather", "dense", "auto"]

    /// The final hashes of runs that differ in nothing but the route and the time.
    private static func hashes(
      ranks: Int, rule: String, times: Int
    ) async throws -> [String] {
      var hashes: [String] = []
      for route in routes {
        for _ in 0..<times {
          let run = try await TrainRun.run(
            ranks: ranks, ["sign-rule": rule, "vote": route, "check-replicas": "5"])
          hashes.append(try run.weightHash())
        }
      }
      return hashes
    }

    @Test func fourRanks_allRoutesTwice_eachRuleOneHash() async throws {
      var ofRule: [String: Set<String>] = [:]
      for rule in Self.rules {
        let hashes = try await Self.hashes(ranks: 4, rule: rule, times: 2)
        #expect(hashes.count == 2 * Self.routes.count)
        #expect(Set(hashes).count == 1, "\(rule): \(hashes)")
        ofRule[rule] = Set(hashes)
      }
      let all = ofRule.values.reduce(into: Set<String>()) { $0.formUnion($1) }
      #expect(all.count == Self.rules.count, "the rules must differ at N = 4: \(ofRule)")
    }

    @Test(arguments: [
      (1, "fair"), (2, "fair"), (2, "exact"), (3, "fair"), (3, "positive"), (5, "fair"),
      (5, "exact"),
    ])
    func otherRanks_allRoutes_oneHash(ranks: Int, rule: String) async throws {
      let hashes = try await Self.hashes(ranks: ranks, rule: rule, times: 1)
      #expect(Set(hashes).count == 1, "\(hashes)")
    }

    @Test(arguments: ["sgd", "sgd-momentum"])
    func meanFixed_twice_oneHash(algorithm: String) async throws {
      let changes = ["algorithm": algorithm, "mean": "fixed", "lr": "0.05"]
      let first = try await TrainRun.run(ranks: 3, changes).weightHash()
      let second = try await TrainRun.run(ranks: 3, changes).weightHash()
      #expect(first == second)
    }
  }
}
