import Foundation
import Plots
import RunLog

extension Comparison {
  /// The plots with the names of their files.
  var plots: [(name: String, plot: Plot)] {
    var plots: [(String, Plot)] = []
    for kind in [ScalingSeries.Kind.strong, .weak] {
      let some = series.filter { $0.kind == kind }
      if !some.isEmpty { plots.append(("\(kind.rawValue)-scaling", scalingPlot(some, kind))) }
    }
    if let plot = linkPlot { plots.append(("links", plot)) }
    for axis in CurveAxis.allCases {
      if let plot = lossPlot(axis) { plots.append(("loss-by-\(axis.rawValue)", plot)) }
    }
    return plots
  }

  /// Speed-up, or efficiency where the work grows with the ranks, and the ideal line.
  private func scalingPlot(_ series: [ScalingSeries], _ kind: ScalingSeries.Kind) -> Plot {
    let ranks = Set(series.flatMap { $0.points.map(\.cell.ranks) }).sorted().map(Double.init)
    let isStrong = kind == .strong
    let curves = series.map { one in
      Plot.Series(
        name: one.label,
        points: one.points.map { point in
          let y = isStrong ? point.speedUp : point.efficiency * 100
          return Plot.Point(Double(point.cell.ranks), y.median, low: y.low, high: y.high)
        })
    }
    let base = Double(series[0].base.ranks)
    let highest = curves.flatMap(\.points).map(\.high).max() ?? 100
    let ideal = Plot.Series(
      name: "ideal", points: ranks.map { Plot.Point($0, isStrong ? $0 / base : 100) },
      style: .expected)
    return Plot(
      title: isStrong
        ? "Strong scaling: the same samples a step over all ranks"
        : "Weak scaling: the same samples a step and rank",
      x: .init(label: "ranks", isLogarithmic: true, marks: ranks),
      y: isStrong
        ? .init(
          label: "speed-up over \(Int(base)) rank\(base == 1 ? "" : "s") (times)",
          isLogarithmic: true)
        : .init(
          label: "efficiency (% of \(Int(base)) rank\(base == 1 ? "" : "s"))",
          range: 0...max(110, 1.05 * highest)),
      series: curves + [ideal])
  }

  /// The time of a step by the rate of the links, where it was varied: at the most ranks.
  private var linkPlot: Plot? {
    let linked = cells.filter { $0.runs[0].linkRate != nil && $0.stepSeconds != nil }
    guard let ranks = linked.map(\.ranks).max() else { return nil }
    let some = linked.filter { $0.ranks == ranks }
    let rates = Set(some.compactMap { $0.runs[0].linkRate }).sorted()
    guard rates.count > 1 else { return nil }
    let names = telling.filter { $0 != "link Gbit/s" }
    var order: [String] = []
    var points: [String: [Plot.Point]] = [:]
    for cell in some {
      guard let rate = cell.runs[0].linkRate, let step = cell.stepSeconds else { continue }
      var texts = names.compactMap { name in
        cell.text(of: name).map { ScalingSeries.short(name, $0) }
      }
      if Set(some.map(\.batch)).count > 1 { texts.append("batch \(cell.batch ?? 0)") }
      let name = texts.joined(separator: ", ")
      if points[name] == nil { order.append(name) }
      points[name, default: []].append(
        Plot.Point(rate / 1e9, step.median * 1e3, low: step.low * 1e3, high: step.high * 1e3))
    }
    return Plot(
      title: "Time of a step by the rate of the links, \(ranks) ranks",
      x: .init(label: "link (Gbit/s)", isLogarithmic: true, marks: rates.map { $0 / 1e9 }),
      y: .init(label: "step (ms)", isLogarithmic: true),
      series: order.map { name in
        Plot.Series(name: name, points: points[name, default: []].sorted { $0.x < $1.x })
      })
  }

  private enum CurveAxis: String, CaseIterable {
    case step
    case time
    case bytes

    var label: String {
      switch self {
      case .step: "step"
      case .time: "time of steps (s)"
      case .bytes: "sent by a rank (MB)"
      }
    }
  }

  /// The number of curves that a plot can tell apart.
  private static let curveLimit = 5
  /// The number of points of a curve: each is the mean of as many logged losses.
  private static let pointLimit = 60

  /// The training loss of the first run of each cell, those of the most ranks first.
  private func lossPlot(_ axis: CurveAxis) -> Plot? {
    var curves: [Plot.Series] = []
    let shown = cells.sorted { $0.ranks > $1.ranks }.prefix(Self.curveLimit)
    for cell in shown {
      let entries = cell.runs[0].steps.entries.filter { $0.loss.isFinite }
      let size = max((entries.count + Self.pointLimit - 1) / Self.pointLimit, 1)
      let points = stride(from: 0, to: entries.count, by: size).map { start in
        let part = entries[start..<min(start + size, entries.count)]
        let x = part.map { entry in
          switch axis {
          case .step: Double(entry.step)
          case .time: entry.seconds
          case .bytes: entry.bytes / 1e6
          }
        }
        return Plot.Point(x.reduce(0, +) / Double(part.count), part.map { Double($0.loss) }.median)
      }
      guard points.count > 1, points[points.count - 1].x > points[0].x else { continue }
      let label = label(of: cell)
      let batches = Set(cells.map(\.batch)).count > 1 ? ", batch \(cell.batch ?? 0)" : ""
      curves.append(
        Plot.Series(
          name: (label.isEmpty ? "" : label + ", ") + "N = \(cell.ranks)\(batches)",
          points: points, style: .course))
    }
    guard !curves.isEmpty else { return nil }
    let rest = cells.count - Self.curveLimit
    return Plot(
      title: "Training loss by \(axis.rawValue)"
        + (rest > 0 ? " (\(rest) more are not shown)" : ""),
      x: .init(label: axis.label), y: .init(label: "training loss"), series: curves)
  }
}
