import Foundation
import RunLog

extension LoggedRun {
  /// The run as `:::MLLOG` lines.
  ///
  /// Logs have the time of steps and not the time of day: `time_ms` is the start of the run plus
  /// the seconds of the steps before, without evaluations. `lineno` is the line of the run's head.
  var mlPerfLines: [String] {
    var lines: [String] = []
    let date = try? Date(startedAt, strategy: .iso8601)
    let start = (date?.timeIntervalSince1970 ?? 0) * 1e3
    func add(
      _ type: String, _ key: String, _ value: JSONValue, at seconds: Double = 0,
      _ more: [JSONValue.Member] = []
    ) {
      let metadata: [JSONValue.Member] = [
        .init("file", .string(file)), .init("lineno", .integer(line)),
      ]
      let record = JSONValue.object([
        .init("namespace", .string("")),
        .init("time_ms", .integer(whole(start + seconds * 1e3))),
        .init("event_type", .string(type)), .init("key", .string(key)), .init("value", value),
        .init("metadata", .object(metadata + more)),
      ])
      lines.append(":::MLLOG \(record.text)")
    }
    func point(_ key: String, _ value: JSONValue?, at seconds: Double = 0) {
      if let value, value != .null { add("POINT_IN_TIME", key, value, at: seconds) }
    }
    func flag(_ name: String) -> JSONValue? { configuration.first { $0.name == name }?.value }

    point("submission_benchmark", flag("model"))
    point("submission_division", .string("open"))
    point("submission_platform", .string("\(ranks) x \(self["cpu"]?.plainText ?? "CPU")"))
    point("seed", self["seed"])
    point("global_batch_size", globalBatch.map(JSONValue.integer))
    point("train_samples", self["trainingSamples"])
    point("eval_samples", self["testSamples"])
    point("opt_name", flag("algorithm"))
    point("opt_base_learning_rate", flag("lr"))
    point("opt_weight_decay", flag("weight-decay"))
    add("INTERVAL_START", "run_start", .null)
    for evaluation in evaluations {
      let after = steps.entries.first { $0.step >= evaluation.step } ?? steps.last
      let seconds = after?.seconds ?? 0
      let more = [
        JSONValue.Member("samples_count", .integer(whole(after?.samples ?? 0))),
        .init("split", .string(evaluation.split)),
      ]
      if let accuracy = evaluation.accuracy {
        add("POINT_IN_TIME", "eval_accuracy", .number(accuracy), at: seconds, more)
      }
      add("POINT_IN_TIME", "eval_loss", .number(evaluation.loss), at: seconds, more)
    }
    let end = steps.last?.seconds ?? 0
    add(
      "POINT_IN_TIME", "tracked_stats",
      .object([.init("throughput", .number(RunMeasures(self).samplesPerSecond))]), at: end,
      [.init("step", .integer(steps.last?.step ?? 0))])
    add(
      "INTERVAL_END", "run_stop", .null, at: end,
      [.init("status", .string(summary == nil ? "aborted" : "success"))])
    return lines
  }
}

/// The nearest whole number; the largest one for sums of a log that no run can have.
private func whole(_ value: Double) -> Int { Int(exactly: value.rounded()) ?? .max }
