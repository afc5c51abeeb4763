import Foundation
import Testing

extension LaunchTests {
  /// `doctor`, `bench kernels` and the help texts.
  @Suite struct Subcommands {
    @Test(arguments: [1, 2])
    func doctor_namesWhatItFinds(ranks: Int) async throws {
      let run = try await Program.mpirun(ranks, ["doctor"])
      #expect(run.succeeded, "\(run)")
      for words in ["Swift", "Open MPI", "oneDNN", "thread", "slots", "fashion-mnist"] {
        #expect(run.output.localizedStandardContains(words), "no '\(words)' in \(run)")
      }
      #expect(run.lines(with: ["oneDNN"]).count == 1, "each fact once: \(run)")
      #expect(!run.output.contains("\0"))
    }

    @Test func doctor_runsWithoutALauncher() async throws {
      let run = try await Program.run(["doctor"])
      #expect(run.succeeded && run.output.contains("Open MPI"), "\(run)")
    }

    @Test func help_namesTheSubcommands() async throws {
      for arguments in [["--help"], []] {
        let run = try await Program.run(arguments)
        #expect(run.succeeded, "\(run)")
        for name in [
          "train", "reproduce", "evaluate", "generate",
          "compare", "predict", "export", "bench", "doctor",
          "mpirun -np 4",
        ] {
          #expect(run.output.contains(name), "\(run)")
        }
      }
      #expect(try await Program.run(["--version"]).output.contains("0."))
      #expect(try await Program.run(["no-such-command"]).wasRefused)
    }

    @Test(arguments: [["train"], ["bench", "vote"], ["bench"]])
    func wrongFlag_namesTheHelp(command: [String]) async throws {
      let run = try await Program.run(command + ["--no-such-flag"])
      #expect(run.wasRefused, "\(run)")
      let help = (["signum"] + command + ["--help"]).joined(separator: " ")
      #expect(run.output.contains("(see '\(help)')"), "\(run)")
    }

    @Test func trainHelp_hasADefaultAndAUnitForEachFlag() async throws {
      let run = try await Program.run(["train", "--help"], environment: ["COLUMNS": "200"])
      #expect(run.succeeded, "\(run)")
      for unit in ["Steps", "Seconds", "Samples", "Threads", "Widths", "Passes"] {
        #expect(run.output.contains(unit), "\(unit)")
      }
      // Each entry of the list, until the next flag, names its default, but where none exists.
      let entries = run.output.split(separator: "\n  --").dropFirst()
      #expect(entries.count >= 25)
      for entry in entries {
        let name = String(entry.prefix { $0 != " " && $0 != "\n" })
        let hasNone = ["log", "save", "config", "describe-model", "steps", "version"].contains(name)
        #expect(entry.contains("default: ") || hasNone, "--\(name) names no default")
      }
    }

    @Test func benchKernels_printsATable_orRefusesInDebug() async throws {
      let run = try await Program.run([
        "bench", "kernels", "--sizes", "10000", "--repetitions", "3",
      ])
      if run.succeeded {
        for words in ["10000", "triad", "GB/s"] {
          #expect(run.output.replacingOccurrences(of: ",", with: "").contains(words), "\(run)")
        }
        #expect(run.lines.count >= 3, "\(run)")
      } else {
        #expect(run.wasRefused, "\(run)")
        #expect(run.lines(with: ["debug", "swift build -c release"]).count == 1, "\(run)")
      }
      #expect(try run.succeeded == Self.isRelease(), "\(run)")
    }

    private static func isRelease() throws -> Bool {
      try URL(fileURLWithPath: Program.executable()).resolvingSymlinksInPath()
        .path.contains("/release/")
    }

    @Test func benchGradient_printsATable_orRefusesInDebug() async throws {
      guard try Self.isRelease() else {
        let run = try await Program.run(["bench", "gradient"])
        #expect(run.wasRefused && run.lines(with: ["debug"]).count == 1, "\(run)")
        return
      }
      func rows(_ flags: [String]) async throws -> [[String]] {
        let run = try await Program.run(
          ["bench", "gradient", "--repetitions", "2"] + flags, limitSeconds: 300)
        try #require(run.succeeded, "\(run)")
        return run.lines.filter { !$0.hasPrefix("#") }.map {
          $0.split(separator: " ").map(String.init)
        }
      }
      let all = try await rows(["--batch", "3"])
      #expect(all.map(\.first) == ["mlp", "cnn", "resnet20", "gpt"], "\(all)")
      // 784 · 256 + 256 + 256 · 10 + 10 and so on.
      #expect(all.map { $0[2] } == ["203530", "421642", "272474", "10942464"])
      for row in all {
        #expect(row.count == 11 && row[1] == "3" && row[3] == "2", "\(row)")
        for column in 4..<11 { #expect(try #require(Double(row[column])) > 0, "\(row)") }
      }
      #expect(try await rows(["--models", "mlp", "--batch", "5", "--threads", "2"])[0][1] == "5")
    }

    @Test(arguments: [
      ["--models", "vgg"], ["--batch", "0"], ["--threads", "0"], ["--repetitions", "0"],
    ])
    func benchGradient_badArguments_areRefused(arguments: [String]) async throws {
      let run = try await Program.run(["bench", "gradient"] + arguments)
      #expect(run.wasRefused, "\(run)")
    }

    @Test(arguments: [["--sizes", "0"], ["--sizes", "ten"], ["--repetitions", "0"]])
    func benchKernels_badArguments_areRefused(arguments: [String]) async throws {
      let run = try await Program.run(["bench", "kernels"] + arguments)
      #expect(run.wasRefused, "\(run)")
      #expect(run.output.contains(arguments[0].dropFirst(2).dropLast()), "\(run)")
    }
  }
}
