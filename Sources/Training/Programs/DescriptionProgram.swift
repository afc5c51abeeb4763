import Datasets
import Foundation
import MPIKit
import Networks
import Objectives

/// `signum train --describe-model`: what a model consists of, without training it.
public enum DescriptionProgram {
  /// Prints layers with their shapes, tensors with their sizes, whether weight decay applies to them
  /// and what `--lr-scaling` multiplies their learning rates by, and totals.
  ///
  /// - Parameter options: Validated options.
  /// - Returns: The exit code.
  public static func run(_ options: TrainingOptions) -> Int32 {
    RankProgram.run { world in
      let lines: [String]
      do {
        lines = try self.lines(options)
      } catch {
        _ = try Agreement.isReady(error, on: world)
        return 2
      }
      guard try Agreement.isReady(nil, on: world) else { return 2 }
      if world.rank == 0 { lines.forEach(Console.print) }
      return 0
    }
  }

  private static func lines(_ options: TrainingOptions) throws -> [String] {
    if case .closedForm(let form) = options.model {
      return tensorLines(try form.makeObjective().layout)
    }
    let data = try DataSource(parsing: options.dataName).load(context: options.gpt.context)
      .training
    let hidden = options.hidden ?? [256, 256]
    guard let network = try options.model.network(hidden: hidden, gpt: options.gpt, for: data)
    else {
      return tensorLines(
        try LogisticRegression.layout(width: data.width, classCount: data.classCount))
    }
    let outline = try NetworkOutline(network)
    let scaling = options.learningRateScaling
    let factors = scaling == .none ? nil : scaling.factors(of: outline)
    var lines = layerLines(outline) + [""] + tensorLines(outline.layout, rateFactors: factors)
    if let statistics = outline.statistics {
      lines.append("beside  \(statistics.count) running statistics of each rank, not voted on")
    }
    return lines
  }

  /// A line a layer, those of paths indented.
  private static func layerLines(_ outline: NetworkOutline) -> [String] {
    let head = ["layer", "output", "parameters"]
    let rows = outline.lines.map { line in
      [
        String(repeating: "  ", count: line.depth) + "\(line.layer)", shape(line.output),
        "\(line.parameters)",
      ]
    }
    return aligned([head, ["input", shape(outline.model.input), "0"]] + rows)
  }

  /// A line a tensor, and their total.
  private static func tensorLines(
    _ layout: ParameterLayout, rateFactors: [Double]? = nil
  ) -> [String] {
    let rows = layout.tensors.enumerated().map { number, tensor in
      [tensor.name, shape(tensor.shape), layout.isDecayed(tensor) ? "decay" : "no decay"]
        + (rateFactors.map { [String(format: "%.4g", $0[number])] } ?? [])
        + ["\(tensor.range.count)"]
    }
    let head = ["tensor", "shape", ""] + (rateFactors == nil ? [] : ["lr x"]) + ["parameters"]
    let decayed = layout.decayedRanges.reduce(0) { $0 + $1.count }
    return aligned([head] + rows) + [
      "total   \(layout.count) parameters in \(layout.tensors.count) tensors, \(decayed) of them "
        + "decayed"
    ]
  }

  private static func shape(_ lengths: [Int]) -> String {
    lengths.map(String.init).joined(separator: " x ")
  }

  /// Rows as lines, with columns as wide as their widest text; the last one to the right.
  private static func aligned(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).dropLast().map { text, width in
        text + String(repeating: " ", count: width - text.count)
      }
      return (cells + [padded(row[row.count - 1], widths[row.count - 1])]).joined(separator: "  ")
    }
  }
}
