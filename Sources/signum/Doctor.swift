import ArgumentParser
import Training

/// `signum doctor`.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What this machine has and lacks for a run, and the command that installs it.",
    discussion: "Start it under the launcher of a job to see what its ranks get.")

  func run() throws {
    let status = Diagnosis.run()
    if status != 0 { throw ExitCode(status) }
  }
}
