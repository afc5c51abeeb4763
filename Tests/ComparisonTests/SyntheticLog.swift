import Foundation

@testable import Comparison

/// A log whose figures are chosen.
struct SyntheticLog {
  var identifier: String
  var ranks = 1
  var batch = 64
  var seed = 1
  var flags: [String: String] = ["algorithm": "\"signum\"", "vote": "\"exchange\""]
  var head: [String: String] = [:]
  var parameters = 1_000_000
  /// Seconds of each logged step after the first, which is ten times slower.
  var stepSeconds = [0.010, 0.010, 0.010, 0.010, 0.010]
  var waitSeconds = 0.004
  var gradientSeconds = 0.005
  var bytes = 250_000
  var loss = 0.5
  var accuracy = 0.9

  var text: String {
    let configuration = flags.merging(["seed": "\(seed)", "lr": "0.1"]) { old, _ in old }
      .sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
    let more = head.sorted { $0.key < $1.key }.map { ",\"\($0.key)\":\($0.value)" }.joined()
    var lines = [
      #"{"type":"run","schemaVersion":1,"runIdentifier":"\#(identifier)","#
        + #""startedAt":"2026-01-01T00:00:00Z","configuration":{\#(configuration)},"#
        + #""seed":\#(seed),"ranks":\#(ranks),"parameters":\#(parameters),"batch":\#(batch)\#(more)}"#
    ]
    for (place, seconds) in ([10 * stepSeconds[0]] + stepSeconds).enumerated() {
      let step = place + 1
      func figures(_ value: Double) -> String {
        #"{"median":\#(value),"p95":\#(1.5 * value),"maximum":\#(2 * value)}"#
      }
      lines.append(
        #"{"type":"step","step":\#(step),"loss":\#(1 / Double(step)),"samples":\#(batch * ranks),"#
          + #""samplesPerSecond":\#(Double(batch * ranks) / seconds),"#
          + #""stepSeconds":\#(figures(seconds)),"gradientSeconds":\#(figures(gradientSeconds)),"#
          + #""packSeconds":\#(figures(0)),"voteWaitSeconds":\#(figures(waitSeconds)),"#
          + #""applySeconds":\#(figures(0)),"bytesSentPerRank":\#(bytes),"#
          + #""bytesReceivedPerRank":\#(bytes),"bytesModelled":false}"#)
      lines.append(
        #"{"type":"evaluation","step":\#(step),"split":"test","samples":100,"loss":\#(loss),"#
          + #""accuracy":\#(accuracy * Double(step) / 6),"evaluationSeconds":1}"#)
    }
    lines.append(
      #"{"type":"summary","steps":6,"trainingSeconds":1,"finalLoss":\#(loss),"#
        + #""accuracy":\#(accuracy),"exitReason":"completed"}"#)
    return lines.joined(separator: "\n") + "\n"
  }

  func with(_ change: (inout SyntheticLog) -> Void) -> SyntheticLog {
    var log = self
    change(&log)
    return log
  }
}

/// Runs a body with the folder of some logs, a file each.
func withLogs<R>(_ logs: [SyntheticLog], _ body: (String) throws -> R) throws -> R {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("signum-comparison-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  for (place, log) in logs.enumerated() {
    try Data(log.text.utf8).write(to: folder.appendingPathComponent("\(place).jsonl"))
  }
  return try body(folder.path)
}

/// The comparison of some logs.
func compare(_ logs: [SyntheticLog], _ options: Comparison.Options = .init()) throws -> Comparison {
  try withLogs(logs) { Comparison(try LogCollection([$0]), options) }
}

/// Logs of equal work at several numbers of ranks.
func weakLogs(_ seconds: [Int: Double]) -> [SyntheticLog] {
  seconds.sorted { $0.key < $1.key }.map { ranks, step in
    SyntheticLog(identifier: "n\(ranks)", ranks: ranks).with {
      $0.stepSeconds = Array(repeating: step, count: 5)
    }
  }
}
