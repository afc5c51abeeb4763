import Foundation
import Testing

@testable import RunLog

let distribution = Distribution(median: 0.25, p95: 0.5, maximum: 1)

func runRecord() -> RunRecord {
  var record = RunRecord(
    runIdentifier: "r1", startedAt: Date(timeIntervalSince1970: 1_700_000_000),
    configuration: [.init("algorithm", .string("signum")), .init("batch", .integer(64))],
    seed: .max, ranks: 4, parameters: 269_322, steps: 1170, learningRate: 5e-4)
  record.hosts = ["node\"1\"", "node\n2"]
  record.ranksPerNode = [2, 2]
  record.nodes = 2
  record.slurmRestartCount = 1
  return record
}

func stepRecord(_ step: Int, loss: Double = 0.5) -> StepRecord {
  StepRecord(
    step: step, epoch: 1, loss: loss, learningRate: 1e-5, samples: 256, samplesPerSecond: 51_234.5,
    stepSeconds: distribution, gradientSeconds: distribution, packSeconds: distribution,
    voteWaitSeconds: distribution, applySeconds: distribution, bytesSentPerRank: 100,
    bytesReceivedPerRank: 101, bytesModelled: true, abstentions: 0)
}

func allRecords() -> [LogRecord] {
  [
    .run(runRecord()),
    .step(stepRecord(3)),
    .evaluation(
      EvaluationRecord(
        step: 3, epoch: 1, split: .validation, samples: 100, loss: 0.25, accuracy: 0.875,
        perClass: [0.5, 1], evaluationSeconds: 0.125)),
    .event(
      EventRecord(event: .abstention, step: 3, ranks: [1, 2], tensor: "w", message: "NaN \u{1}é")),
    .checkpoint(
      CheckpointRecord(
        step: 3, path: "runs/a/step-00000003", bytes: 1 << 40, stallSeconds: 0.25,
        writeSeconds: 1.5)),
    .summary(
      SummaryRecord(
        steps: 3, epochs: 1.5, trainingSeconds: 2, samplesPerSecond: 3, finalLoss: 0.1,
        accuracy: 0.9, weightHash: "00ff", bytesSentPerRank: 4, bytesReceivedPerRank: 5,
        bytesModelled: false, bitsPerParameterPerStep: 1.5, voteShare: 0.25, abstentions: 0,
        exitReason: "completed")),
  ]
}

@Suite("Records")
struct RecordTests {
  @Test func line_readBackIsEqual() throws {
    for record in allRecords() {
      let line = try record.line
      #expect(!line.contains("\n"))
      #expect(try LogRecord(line: line) == record)
    }
  }

  @Test func line_membersInOrder() throws {
    #expect(
      try LogRecord.step(stepRecord(3)).line
        == #"{"type":"step","step":3,"epoch":1,"loss":0.5,"learningRate":1e-05,"samples":256,"#
        + #""samplesPerSecond":51234.5,"stepSeconds":{"median":0.25,"p95":0.5,"maximum":1.0},"#
        + #""gradientSeconds":{"median":0.25,"p95":0.5,"maximum":1.0},"#
        + #""packSeconds":{"median":0.25,"p95":0.5,"maximum":1.0},"#
        + #""voteWaitSeconds":{"median":0.25,"p95":0.5,"maximum":1.0},"#
        + #""applySeconds":{"median":0.25,"p95":0.5,"maximum":1.0},"bytesSentPerRank":100,"#
        + #""bytesReceivedPerRank":101,"bytesModelled":true,"abstentions":0,"#
        + #""abstainedShare":0.0}"#)
  }

  @Test func run_headAndConfiguration() throws {
    let line = try LogRecord.run(runRecord()).line
    #expect(
      line.hasPrefix(
        #"{"type":"run","schemaVersion":1,"runIdentifier":"r1","#
          + #""startedAt":"2023-11-14T22:13:20Z","#
          + #""configuration":{"algorithm":"signum","batch":64},"seed":18446744073709551615,"#))
    #expect(line.contains(#""hosts":["node\"1\"","node\n2"]"#))
    #expect(!line.contains("commit") && line.contains(#""slurmRestartCount":1"#))
  }

  @Test func line_everyRecordIsValidJSON() throws {
    for record in allRecords() + [.step(stepRecord(1, loss: .nan))] {
      let object = try JSONSerialization.jsonObject(with: Data(record.line.utf8))
      #expect((object as? [String: Any])?["type"] is String)
    }
  }

  @Test(arguments: [(Double.nan, "NaN"), (.infinity, "Infinity"), (-.infinity, "-Infinity")])
  func loss_notFinite(loss: Double, text: String) throws {
    let line = try LogRecord.step(stepRecord(1, loss: loss)).line
    #expect(line.contains(#""loss":"\#(text)","#))
    guard case .step(let record) = try LogRecord(line: line) else {
      Issue.record("not a step")
      return
    }
    #expect(record.loss == loss || record.loss.isNaN && loss.isNaN)
  }

  @Test func line_unknownTypeIsNilAndOtherKindsSurvive() throws {
    #expect(try LogRecord(line: #"{"type":"later","x":1}"#) == nil)
    let line = #"{"type":"event","event":"later","step":1,"ranks":[],"message":"m","more":2}"#
    guard case .event(let record) = try LogRecord(line: line) else {
      Issue.record("not an event")
      return
    }
    #expect(record.event.rawValue == "later")
  }

  @Test func value_everyKindBothWays() throws {
    let value = JSONValue.object([
      .init("a", .array([.null, .bool(true), .bool(false), .array([]), .object([])])),
      .init("b", .number(0.1)), .init("c", .number(-1e300)), .init("d", .integer(.min)),
      .init("e", .unsigned(.max)), .init("f", .string("\u{0}\u{1F}\t\r\n\"\\/é\u{2028}")),
      .init("g", .integer(1)),
    ])
    #expect(try JSONValue(encoding: value) == value)
    #expect(try JSONDecoder().decode(JSONValue.self, from: Data(value.text.utf8)) == value)
    #expect(JSONValue.string("\u{1}\u{1F}").text == #""\u0001\u001f""#)
  }

  @Test(
    arguments: [
      (1, [1, 1, 1]), (2, [1.5, 2, 2]), (3, [2, 3, 3]), (19, [10, 19, 19]), (20, [10.5, 19, 20]),
      (21, [11, 20, 21]), (100, [50.5, 95, 100]),
    ] as [(Int, [Double])])
  func distribution_ofCountDownToOne(count: Int, expected: [Double]) {
    let found = Distribution(of: (1...count).reversed().map { Double($0) })
    #expect([found.median, found.p95, found.maximum] == expected)
  }
}
