internal import Foundation
internal import Networks
internal import Objectives

/// The lines of a table about one model.
struct GradientResult {
  let model: GradientBenchmark.Model
  let samples: Int
  let outline: NetworkOutline
  /// Of a gradient, sorted.
  let seconds: [Double]
  /// From nothing to the first gradient.
  let firstSeconds: Double
  let arenaBytes: Int
  /// The share of a gradient's time that operations of a kind take.
  let shares: [OperationKind: Double]

  /// What the columns mean.
  static func heading(threads: Int, _ type: ComputeType) -> [String] {
    [
      "# signum bench gradient, \(threads) thread\(threads == 1 ? "" : "s") of oneDNN \(OneDNN.version), "
        + "products of \(type.rawValue)",
      "# Forward and backward pass of random samples. Samples/s: median and quartiles; of the GPT",
      "#   a sample is 256 tokens. GFLOP/s: two operations for each product of a weight or in attention,",
      "#   forward, for the weights' gradient and, but in the first layer, for the inputs'.",
      "# First: seconds until the first gradient is there. Arena: activations. Peak: the most memory",
      "#   that this process had so far.",
      "# Model    batch  parameters  repeats  samples/s         q1         q3   GFLOP/s  first[s]"
        + "  arena[MB]  peak[MB]",
    ]
  }

  /// The model's row, and below it where the time goes.
  var lines: [String] {
    let median = Row.quantile(0.5, of: seconds)
    let columns: [(text: String, width: Int)] = [
      ("\(samples)", 6), ("\(outline.layout.count)", 12), ("\(seconds.count)", 9),
      (Self.rounded(Double(samples) / median), 11),
      (Self.rounded(Double(samples) / Row.quantile(0.75, of: seconds)), 11),
      (Self.rounded(Double(samples) / Row.quantile(0.25, of: seconds)), 11),
      (Self.rounded(operations / median / 1e9), 10), (String(format: "%.3f", firstSeconds), 10),
      (Self.rounded(Double(arenaBytes) / 1e6), 11), (Self.rounded(Self.peakBytes / 1e6), 10),
    ]
    let row = columns.reduce(model.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)) {
      $0 + String(repeating: " ", count: max(1, $1.width - $1.text.count)) + $1.text
    }
    let kinds = shares.sorted { $0.value > $1.value }.map {
      "\($0.key.rawValue) \(percent($0.value))"
    }
    let rest = max(0, 1 - shares.values.reduce(0, +))
    return [row, "#   " + (kinds + ["loss and else \(percent(rest))"]).joined(separator: ", ")]
  }

  /// Of floating point, in a gradient.
  private var operations: Double {
    2 * Double(samples) * Double(3 * outline.productCount - outline.firstProductCount)
  }

  private func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

  /// Three digits at least.
  private static func rounded(_ value: Double) -> String {
    String(format: value < 100 ? "%.2f" : "%.0f", value)
  }

  private static var peakBytes: Double {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    return 1024 * Double(usage.ru_maxrss)
  }
}
