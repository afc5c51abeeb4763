import Foundation

/// Draws plots with gnuplot, each as SVG, as PNG and as text.
package enum Gnuplot {
  /// Whether there is a gnuplot on the path.
  package static let isInstalled: Bool = {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":")
      .contains { FileManager.default.isExecutableFile(atPath: "\($0)/gnuplot") }
  }()

  /// Writes `name.svg`, `name.png` and `name.txt` in a folder.
  ///
  /// Gnuplot draws elsewhere: on a full disk it writes empty files and succeeds.
  ///
  /// - Throws: `PlotError` when gnuplot fails, `OutputFolderError` when a file cannot be written.
  package static func draw(_ plot: Plot, named name: String, in folder: OutputFolder) throws {
    let scratch = FileManager.default.temporaryDirectory
      .appendingPathComponent("signum-plot-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: scratch) }
    let drawing = try OutputFolder(scratch.path)
    try run(script(plot, named: name), for: name, in: drawing)
    for (kind, _) in terminals {
      let file = "\(name).\(kind)"
      let drawn = FileManager.default.contents(atPath: drawing.place(of: file))
      guard let drawn, !drawn.isEmpty else {
        throw PlotError(name: name, complaint: "nothing was drawn in \(drawing.path)")
      }
      try folder.write(drawn, to: file)
    }
  }

  /// Has gnuplot follow a script in a folder.
  private static func run(
    _ script: String, for name: String, in folder: OutputFolder
  ) throws {
    // Files, not pipes: another process started meanwhile would hold a pipe open for ever.
    try folder.write(Data(script.utf8), to: "commands")
    try folder.write(Data(), to: "complaints")
    let complaints = URL(fileURLWithPath: folder.place(of: "complaints"))

    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gnuplot", "commands"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.standardInput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: complaints)
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let said = try String(contentsOf: complaints, encoding: .utf8)
      throw PlotError(name: name, complaint: said)
    }
  }

  /// The kinds of files, and what draws each.
  private static let terminals = [
    ("svg", "svg size 800,540 dynamic font 'sans-serif,14' background '#ffffff'"),
    ("png", "pngcairo size 1200,810 font 'sans-serif,15' background '#ffffff'"),
    ("txt", "dumb size 100,32"),
  ]

  /// The commands and the data of a plot.
  package static func script(_ plot: Plot, named name: String) -> String {
    // The legend's rows are counted here: left to itself gnuplot writes them over the axis.
    let longest = plot.series.map(\.name.count).max() ?? 0
    let columns = longest > 36 ? 1 : longest > 20 ? 2 : 3
    let rows = (plot.series.count + columns - 1) / columns
    var lines = [
      "set encoding utf8", "set title \(quoted(plot.title))", "set grid lc rgb '#b0b0b0'",
      "set key below vertical maxcols \(columns) maxrows \(rows)",
      "set key Left reverse samplen 5 spacing 1.2", "set bars 0.6",
      "set bmargin \(Double(rows) * 1.3 + 3.7)",
    ]
    let points = plot.series.flatMap(\.points)
    lines += commands(plot.x, "x", from: points.map(\.x))
    lines += commands(plot.y, "y", from: points.flatMap { [$0.low, $0.high] })
    for (place, series) in plot.series.enumerated() {
      lines.append("$data\(place) << END")
      lines += series.points.map { "\($0.x) \($0.y) \($0.low) \($0.high)" }
      lines.append("END")
    }
    let curves = plot.series.enumerated().map(curve).joined(separator: ", ")
    for (kind, terminal) in terminals {
      lines += [
        "set terminal \(terminal)", "set output \(quoted(name + "." + kind))", "plot \(curves)",
        "unset output",
      ]
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func commands(
    _ axis: Plot.Axis, _ letter: String, from data: [Double]
  ) -> [String] {
    var lines = ["set \(letter)label \(quoted(axis.label))"]
    let (low, high) = data.extremes
    var range = axis.range ?? low...high
    if axis.isLogarithmic {
      range = low / 1.5...high * 1.5
      let format = high / low >= 1_000 ? "10^{%L}" : "%g"
      lines += ["set logscale \(letter)", "set format \(letter) '\(format)'"]
    } else if axis.range == nil {
      let margin = max(0.06 * (high - low), 1e-9)
      range = low - margin...high + margin
    }
    let marks = axis.isLogarithmic && axis.marks.isEmpty ? Self.marks(in: range) : axis.marks
    if !marks.isEmpty {
      lines.append("set \(letter)tics (\(marks.map { "\($0)" }.joined(separator: ", ")))")
    }
    if !axis.names.isEmpty {
      let ticks = axis.names.enumerated().map { "\(quoted($0.element)) \($0.offset)" }
      lines.append("set \(letter)tics (\(ticks.joined(separator: ", ")))")
    }
    lines.append("set \(letter)range [\(range.lowerBound):\(range.upperBound)]")
    return lines
  }

  /// 1, 2 and 5 times powers of ten, where powers of ten alone would be too few.
  private static func marks(in range: ClosedRange<Double>) -> [Double] {
    guard range.upperBound / range.lowerBound < 500 else { return [] }
    let first = Int(log10(range.lowerBound).rounded(.down))
    let last = Int(log10(range.upperBound).rounded(.up))
    let all = (first...last).flatMap { power in
      [1, 2, 5].map { $0 * pow(10, Double(power)) }
    }
    return all.filter(range.contains)
  }

  /// Colours that differ in brightness too; signs and dashes tell them apart in black and white.
  private static let colors = ["#000000", "#b03a2e", "#2471a3", "#ca8a04", "#6c3483"]
  // More signs than colours, so that thirty-five series differ.
  private static let signs = [7, 4, 9, 6, 5, 12, 3]
  private static let dashes = ["1", "(12,6)", "(3,4)", "(14,5,3,5)", "(6,4)"]

  private static func curve(_ place: Int, _ series: Plot.Series) -> String {
    let look = place % colors.count
    let color = "lc rgb '\(colors[look])'"
    let title = "title \(quoted(series.name))"
    let line = "lw 2 dt \(dashes[look]) \(color)"
    switch series.style {
    case .measured:
      return "$data\(place) using 1:2:3:4 with yerrorbars lw 1.5 \(color) pt 0 notitle, "
        + "$data\(place) using 1:2 with linespoints \(line) pt \(signs[place % signs.count]) ps 1.4 \(title)"
    case .expected:
      return "$data\(place) using 1:2 with lines lw 2.5 dt (8,7) lc rgb '#808080' \(title)"
    case .course: return "$data\(place) using 1:2 with lines \(line) \(title)"
    }
  }

  /// A text in quotes without escapes; a quote in it is doubled, signs of layout are escaped.
  ///
  /// An ampersand becomes a plus: gnuplot would write it into SVG as it is, which is no XML then.
  private static func quoted(_ text: String) -> String {
    let signs = text.replacing("&", with: "+").map { "_^@~{}\\".contains($0) ? "\\\($0)" : "\($0)" }
    return "'" + signs.joined().replacing("'", with: "''") + "'"
  }
}

/// Why a plot could not be drawn.
package struct PlotError: Error, CustomStringConvertible {
  /// The name of the plot's files.
  let name: String
  /// What gnuplot said.
  let complaint: String

  /// One line.
  package var description: String {
    "gnuplot could not draw \(name): " + complaint.split(separator: "\n").joined(separator: " ")
  }
}
