import ArgumentParser
import Foundation

/// The environment variables in which launchers tell a process its rank.
let launchedRank =
  ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"].lazy
  .compactMap { ProcessInfo.processInfo.environment[$0] }.first

/// Seconds in which the launcher ends the other ranks once rank 0 has spoken.
let graceSeconds = 2.0

/// The names of the subcommands that lead a command line, such as `bench vote`.
func subcommands(in arguments: [String]) -> [String] {
  var known = Signum.configuration.subcommands
  var names: [String] = []
  for argument in arguments.dropFirst() {
    let command = known.first {
      ($0.configuration.commandName ?? "\($0)".lowercased()) == argument
    }
    guard let command else { break }
    names.append(argument)
    known = command.configuration.subcommands
  }
  return names
}

/// Ends the process as the error asks: help on standard output, anything else in one line.
///
/// All ranks parse a command line before MPI starts. Rank 0 speaks first; when the launcher does
/// not end the others then, their command line differs from its, and they speak too.
func end(with error: any Error) -> Never {
  let code = Signum.exitCode(for: error).rawValue
  if code == 0 {
    try? FileHandle.standardOutput.write(
      contentsOf: Data((Signum.fullMessage(for: error) + "\n").utf8))
    exit(code)
  }
  let message = Signum.message(for: error)
  guard !message.isEmpty else { exit(code) }
  if launchedRank != nil, launchedRank != "0" { Thread.sleep(forTimeInterval: graceSeconds) }
  let help = (["signum"] + subcommands(in: CommandLine.arguments) + ["--help"])
    .joined(separator: " ")
  let line = "signum: \(message.split(separator: "\n").joined(separator: " ")) (see '\(help)')\n"
  try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
  exit(code == EX_USAGE ? 2 : code)
}

do {
  let arguments = try ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst()))
  var command = try Signum.parseAsRoot(arguments)
  try command.run()
} catch {
  end(with: error)
}
