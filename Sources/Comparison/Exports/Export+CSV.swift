import Foundation
import RunLog

extension ExportProgram {
  /// A head and a row for each run; seconds are those of the median step.
  static func csvLines(_ runs: [LoggedRun]) -> [String] {
    let heads = [
      "runIdentifier", "startedAt", "file", "ranks", "nodes", "hosts", "algorithm", "route",
      "coding",
      "signRule", "model", "parameters", "batch", "globalBatch", "seed", "threads", "linkGbps",
      "steps", "trainingSeconds", "stepSeconds", "stepSecondsP95", "stepSecondsMaximum",
      "gradientSeconds", "packSeconds", "voteWaitSeconds", "applySeconds", "otherSeconds",
      "samplesPerSecond", "bytesSentPerParameter", "bytesReceivedPerParameter", "bytesModelled",
      "finalLoss", "accuracy", "mpiLibrary", "networkInterface", "cpu", "commit", "exitReason",
    ]
    return [heads.joined(separator: ",")] + runs.map(row)
  }

  private static func row(_ run: LoggedRun) -> String {
    let measures = RunMeasures(run)
    func head(_ name: String) -> String { run[name].map { csvField($0.plainText) } ?? "" }
    func flag(_ name: String) -> String {
      run.configuration.first { $0.name == name }.map { csvField($0.value.plainText) } ?? ""
    }
    func field(_ value: Double?) -> String {
      guard let value, value.isFinite else { return "" }
      return "\(value)"
    }
    let start = [
      csvField(run.identifier), csvField(run.startedAt), csvField(run.file), "\(run.ranks)",
      head("nodes"), head("hosts"), flag("algorithm"), head("route"), head("coding"),
      head("signRule"), flag("model"), "\(run.parameters)", run.batch.map { "\($0)" } ?? "",
      run.globalBatch.map { "\($0)" } ?? "", head("seed"), head("threads"), head("linkGbps"),
      run.steps.last.map { "\($0.step)" } ?? "", field(run.summary?.trainingSeconds),
    ]
    let step = measures.phases[0]
    let figures =
      [step.median, step.p95, step.maximum] + measures.phases.dropFirst().map(\.median) + [
        measures.samplesPerSecond, measures.bytesSent, measures.bytesReceived,
      ]
    let end = [
      run.areBytesModelled ? "true" : "false", field(measures.finalLoss), field(measures.accuracy),
      head("mpiLibrary"), head("networkInterface"), head("cpu"), head("commit"),
      csvField(run.summary?.exitReason ?? "unfinished"),
    ]
    return (start + figures.map(field) + end).joined(separator: ",")
  }
}
