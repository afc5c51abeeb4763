import Foundation
import Testing

extension LaunchTests {
  /// The run log: DESIGN of the records, and what they say about a run.
  @Suite struct Log {
    private static let seconds = [
      "stepSeconds", "gradientSeconds", "packSeconds", "voteWaitSeconds", "applySeconds",
    ]

    @Test func records_areInOrder() async throws {
      let run = try await TrainRun.run(["evaluate-every": "20", "log-every": "10"])
      try #require(run.outcome.succeeded, "\(run.outcome)")
      #expect(run.log.first?.type == "run")
      #expect(run.log.last?.type == "summary")
      let inner = Set(run.log.dropFirst().dropLast().map(\.type))
      #expect(inner == ["step", "evaluation"])
      let steps = try run.records("step").map { try $0.number("step") }
      #expect(steps == steps.sorted() && Set(steps).count == steps.count, "\(steps)")
    }

    @Test func runRecord_saysWhatRan() async throws {
      let record = try await TrainRun.run(ranks: 3).only("run")
      #expect(try record.number("schemaVersion") == 1)
      #expect(try record.number("ranks") == 3)
      #expect(try record.number("nodes") == 1)
      #expect(record.fields["ranksPerNode"] as? [Int] == [3])
      #expect((record.fields["hosts"] as? [String])?.count == 1, "\(record)")
      #expect(try record.text("mpiLibrary").contains("Open MPI"))
      #expect(try !record.text("mpiLibrary").contains("\0"))
      for name in ["cpu", "instructionSet", "oneDNNVersion", "runIdentifier"] {
        #expect(try !record.text(name).isEmpty, "\(name)")
      }
      #expect(try record.text("signRule") == "fair")
      #expect(try record.text("routeReason").contains(record.text("route")))
      // Which one is fastest depends on the moment.
      #expect(try ["none", "delta"].contains(record.text("coding")))
      #expect(try record.number("seed") == 1)
      #expect(try record.number("threads") == 1)
      let parameters = 1108.0
      #expect(try record.number("parameters") == parameters)
      #expect(try record.number("trainingSamples") == 600)
      #expect(try record.number("steps") == 40)
      #expect(try record.number("learningRate") == 0.005)
      #expect(try record.record("configuration").text("model") == "mlp")
      let age = try -#require(ISO8601DateFormatter().date(from: record.text("startedAt")))
        .timeIntervalSinceNow
      #expect(age > -5 && age < 300)
    }

    @Test(arguments: ["fair", "exact", "positive"])
    func stepRecords_haveSaneValues(rule: String) async throws {
      let ranks = 4
      let run = try await TrainRun.run(ranks: ranks, ["log-every": "10", "sign-rule": rule])
      let records = run.records("step")
      try #require(records.count >= 4, "\(run.outcome)")
      for record in records {
        for name in Self.seconds {
          let times = try record.record(name)
          let (median, p95) = (try times.number("median"), try times.number("p95"))
          let maximum = try times.number("maximum")
          #expect(median >= 0 && median <= p95 && p95 <= maximum && maximum < 30, "\(record)")
        }
        #expect(try record.number("loss") > 0 && record.number("loss") < 10)
        #expect(try record.number("samples") > 0)
        #expect(try record.number("samplesPerSecond") >= 0)
        #expect(try (0...1).contains(record.number("abstainedShare")))
        #expect(try record.number("learningRate") <= 0.005 && record.number("learningRate") >= 0)
      }
      let last = try #require(records.last)
      #expect(try last.record("stepSeconds").number("median") > 0)
      #expect(try last.number("samplesPerSecond") > 0)
      let rates = try records.map { try $0.number("learningRate") }
      #expect(rates == rates.sorted(by: >), "cosine falls: \(rates)")
    }

    /// Counters of 1 − sign sum up to 2N; where nobody masks, the low plane is left out, and where N is
    /// a power of two the highest one.
    @Test(arguments: [(2, 1), (3, 2), (4, 2)])
    func bytes_followTheFormula(ranks: Int, planes: Int) async throws {
      let parameters = 300_000
      let run = try await TrainRun.run(
        ranks: ranks,
        [
          "model": "quadratic:\(parameters):1", "hidden": nil, "data": nil, "log-every": "1",
          "steps": "5", "vote": "allreduce",
        ], environment: ["SIGNUM_FAULT": "nan-gradient:1:2"])
      try #require(run.outcome.succeeded, "\(run.outcome)")
      // The first step does not know yet; the third learns of the mask, and votes once more.
      let expected = [planes + 1, planes, planes + planes + 1, planes + 1, planes]
      let records = run.records("step")
      try #require(records.count == expected.count)
      for (record, width) in zip(records, expected) {
        let message = Double(parameters * width) / 8
        let ideal = 2 * Double(ranks - 1) / Double(ranks) * message
        let sent = try record.number("bytesSentPerRank")
        // Blocks of 64 words are filled up, and control blocks come along.
        #expect(sent >= ideal && sent < ideal * 1.03, "\(sent), \(ideal); \(record)")
        #expect(try record.number("bytesReceivedPerRank") == sent)
        #expect(try record.truth("bytesModelled"))
      }
      let summary = try run.only("summary")
      let total = try records.reduce(0) { try $0 + $1.number("bytesSentPerRank") }
      #expect(try summary.number("bytesSentPerRank") == total)
      #expect(try summary.truth("bytesModelled"))
      let bits = try summary.number("bitsPerParameterPerStep")
      #expect(abs(bits - 8 * total / Double(parameters) / 5) < 1e-6, "\(bits)")
    }

    @Test func dense_sendsFloats() async throws {
      let parameters = 17_668
      let run = try await TrainRun.run(["hidden": "256", "vote": "dense", "log-every": "1"])
      let sent = try #require(run.records("step").last).number("bytesSentPerRank")
      #expect(sent >= Double(4 * parameters) && sent < 1.1 * Double(4 * parameters), "\(sent)")
    }

    @Test func summary_hasTheOutcome() async throws {
      let run = try await TrainRun.run()
      let summary = try run.only("summary")
      #expect(try summary.number("steps") == 40)
      #expect(try summary.number("trainingSeconds") > 0)
      #expect(try summary.number("samplesPerSecond") > 0)
      #expect(try (0...1).contains(summary.number("voteShare")))
      #expect(try summary.number("abstentions") == 0)
      #expect(try !summary.text("exitReason").isEmpty)
      let last = try #require(run.records("evaluation").last)
      #expect(try summary.number("accuracy") == last.number("accuracy"))
      #expect(try last.text("split") == "test" && last.number("samples") == 200)
      let classes = try #require(last.fields["perClass"] as? [Double])
      #expect(classes.count == 4)
      // 50 samples a class: the accuracy is the mean of the classes'.
      #expect(try abs(classes.reduce(0, +) / 4 - last.number("accuracy")) < 1e-9)
    }

    @Test func secondRun_isAppended() async throws {
      try await withTemporaryFolder { folder in
        let log = folder.appendingPathComponent("log.jsonl")
        let arguments =
          try ["train"] + TrainRun.arguments(TrainRun.baseFlags()) + ["--log", log.path]
        _ = try await Program.mpirun(2, arguments)
        let first = try Data(contentsOf: log)
        // A line that was cut off, as by a full disk, must not spoil the next run's first record.
        try (first + Data("{\"type\":\"st".utf8)).write(to: log)
        let again = try await Program.mpirun(2, arguments)
        try #require(again.succeeded, "\(again)")
        let both = try Data(contentsOf: log)
        #expect(both.starts(with: first) && !first.isEmpty)
        let lines = both.dropFirst(first.count).split(separator: UInt8(ascii: "\n"))
        let records = try lines.dropFirst().map {
          try #require(JSONSerialization.jsonObject(with: $0) as? [String: Any])["type"] as? String
        }
        #expect(records.first == "run" && records.last == "summary", "\(records)")
      }
    }

    /// The learnable images are learnt, by voting and by the baselines.
    @Test(arguments: [
      ("signum", "0.005"), ("signsgd", "0.005"), ("sgd", "0.2"), ("sgd-momentum", "0.05"),
    ])
    func lossFalls_andImagesAreLearnt(algorithm: String, rate: String) async throws {
      for ranks in [1, 4] {
        let run = try await TrainRun.run(
          ranks: ranks, ["algorithm": algorithm, "lr": rate, "steps": "150", "log-every": "10"])
        let losses = try run.records("step").map { try $0.number("loss") }
        let (first, last) = (try #require(losses.first), try #require(losses.last))
        #expect(last < 0.5 * first, "\(ranks) ranks: \(losses)")
        #expect(try run.only("summary").number("accuracy") > 0.9, "\(ranks) ranks")
      }
    }

    @Test func quadratic_lossFalls() async throws {
      let run = try await TrainRun.run(
        [
          "model": "quadratic:500:0.1", "hidden": nil, "data": nil, "steps": "200", "lr": "0.02",
          "log-every": "10",
        ])
      let losses = try run.records("step").map { try $0.number("loss") }
      let (first, last) = (try #require(losses.first), try #require(losses.last))
      #expect(last < 0.2 * first, "\(losses)")
    }
  }
}
