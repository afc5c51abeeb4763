import Foundation
import Plots
import Testing

@testable import Reproduction

@Suite("Reports")
struct ReportTests {
  private static let plot = Plot(
    title: "It's f", x: .init(label: "T", isLogarithmic: true), y: .init(label: "f"),
    series: [
      .init(name: "found", points: [.init(10, over: [1, 2, 3]), .init(100, over: [2, 4, 6])]),
      .init(name: "theory", points: [.init(10, 2), .init(100, 4)], style: .expected),
    ])

  private func report(_ values: [Double]) -> Report {
    let measurement = Measurement("|x| of a", .near(2, percent: 10), values)
    let claim = Claim(
      name: "a-claim", number: 99, statement: "That it holds.", place: "nowhere", method: "Nothing."
    ) { _ in Finding(measurements: [], plots: []) }
    var report = Report(ranks: 3, isFirstRank: true)
    report.entries = [
      .init(
        claim: claim, finding: Finding(measurements: [measurement], plots: [Self.plot]),
        seconds: 1.5)
    ]
    return report
  }

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("signum-report-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test func page_hasVerdictTableAndPlot() throws {
    try withFolder { folder in
      try Report.prepare(folder.path)
      try report([1.9, 2, 2.1]).write(to: folder.path)
      let page = try String(
        contentsOf: folder.appendingPathComponent("README.md"), encoding: .utf8)
      #expect(page.contains("all 1 claims hold (1.5 s on 3 ranks)"))
      #expect(page.contains("| T99 | [a-claim](#t99-a-claim) | holds | 1 of 1 | 1.5 |"))
      #expect(page.contains("| ok | \\|x\\| of a | 2 ± 10 % | 2 [1.9, 2.1] |"))
      #expect(page.contains(Gnuplot.isInstalled ? "![It's f](a-claim.svg)" : "100 | 4 | 2 | 6"))
    }
  }

  @Test func page_namesTheClaimsThatFail() throws {
    try withFolder { folder in
      try Report.prepare(folder.path)
      try report([1, 1, 5]).write(to: folder.path)
      let page = try String(
        contentsOf: folder.appendingPathComponent("README.md"), encoding: .utf8)
      #expect(page.contains("1 of 1 claims fail: a-claim"))
      #expect(page.contains("| **wrong** | \\|x\\| of a | 2 ± 10 % | 1 [1, 5] |"))
    }
  }

  @Test func results_areJSON() throws {
    try withFolder { folder in
      try Report.prepare(folder.path)
      try report([1, 1, 5]).write(to: folder.path)
      let data = try Data(contentsOf: folder.appendingPathComponent("results.json"))
      let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
      #expect(object["holds"] as? Bool == false && object["ranks"] as? Int == 3)
      let claims = try #require(object["claims"] as? [[String: Any]])
      let measured = try #require(claims.first?["measurements"] as? [[String: Any]])
      #expect(measured.first?["values"] as? [Double] == [1, 1, 5])
      #expect(measured.first?["median"] as? Double == 1)
    }
  }

  @Test(.enabled(if: Gnuplot.isInstalled))
  func plots_areDrawnTwice() throws {
    try withFolder { folder in
      try Report.prepare(folder.path)
      try report([2]).write(to: folder.path)
      let svg = try Data(contentsOf: folder.appendingPathComponent("a-claim.svg"))
      let png = try Data(contentsOf: folder.appendingPathComponent("a-claim.png"))
      #expect(String(decoding: svg, as: UTF8.self).contains("</svg>"))
      #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }
  }

  @Test(.enabled(if: Gnuplot.isInstalled))
  func plotThatCannotBeDrawn_saysWhy() throws {
    try withFolder { folder in
      let output = try OutputFolder(folder.path)
      let error = #expect(throws: PlotError.self) {
        try Gnuplot.draw(Self.plot, named: "no-such-folder/plot", in: output)
      }
      let description = error?.description ?? "nothing"
      #expect(description.contains("cannot open file"), "\(description)")
    }
  }

  @Test(.enabled(if: Gnuplot.isInstalled))
  func plotThatCannotBeWritten_saysWhy() throws {
    try withFolder { folder in
      let output = try OutputFolder(folder.path)
      try FileManager.default.removeItem(at: folder)
      let error = #expect(throws: OutputFolderError.self) {
        try Gnuplot.draw(Self.plot, named: "a-claim", in: output)
      }
      let description = error?.description ?? "nothing"
      #expect(
        description.contains("\(folder.path)/a-claim.svg cannot be written ("),
        "\(description)")
    }
  }

  /// What gnuplot takes for layout is shown as it is.
  @Test(.enabled(if: Gnuplot.isInstalled))
  func textsOfPlots_areShownAsTheyAre() throws {
    try withFolder { folder in
      let plot = Plot(
        title: "a_b @c {d} ~e ^f \\g", x: .init(label: "h & i"), y: .init(label: "<j>"),
        series: Self.plot.series)
      try Gnuplot.draw(plot, named: "texts", in: OutputFolder(folder.path))
      let svg = try String(
        contentsOf: folder.appendingPathComponent("texts.svg"), encoding: .utf8)
      for text in [plot.title, "h + i", "&lt;j>"] {
        #expect(svg.contains(">\(text)<"), "\(text)")
      }
    }
  }

  @Test func script_quotesTextsAndHasTheSpread() {
    let script = Gnuplot.script(Self.plot, named: "a-claim")
    #expect(script.contains("set title 'It''s f'") && script.contains("10.0 2.0 1.0 3.0"))
    #expect(script.contains("set logscale x") && !script.contains("set logscale y"))
  }

  @Test func folderWithAnotherPage_isRefusedAndKept() throws {
    try withFolder { folder in
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let page = folder.appendingPathComponent("README.md")
      try Data("# Mine\n".utf8).write(to: page)
      #expect(throws: ReportError.self) { try Report.prepare(folder.path) }
      #expect(try String(contentsOf: page, encoding: .utf8) == "# Mine\n")
    }
  }

  @Test func olderReport_isReplaced() throws {
    try withFolder { folder in
      try Report.prepare(folder.path)
      try report([2]).write(to: folder.path)
      try Report.prepare(folder.path)
    }
  }

  @Test func fileInPlaceOfTheFolder_isRefused() throws {
    try withFolder { folder in
      try Data().write(to: folder)
      let error = #expect(throws: OutputFolderError.self) { try Report.prepare(folder.path) }
      #expect(error?.description.contains("\(folder.path) cannot be written (") == true)
    }
  }

  @Test func claims_areFoundByNameAndNumber() throws {
    #expect(try Claim.named(["T17", "rates"]).map(\.name) == ["rates", "ties"])
    #expect(try Claim.named(["t4", "rates"]).map(\.name) == ["rates"])
    #expect(
      try Claim.named([]).map(\.number) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 16, 17, 18])
    let error = #expect(throws: UnknownClaim.self) { try Claim.named(["rates", "T12"]) }
    #expect(error?.description.hasPrefix("there is no claim 'T12'; expected skewed-noise") == true)
  }
}
