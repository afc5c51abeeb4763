internal import Glibc

/// What the launcher's environment says about the job, to refuse N processes that are N worlds.
///
/// That is what happens when the launcher and the MPI library do not know each other: N complete
/// runs at once, each of which believes to be the only one.
package struct Launcher {
  private let environment: [String: String]
  private let commandLine: [String]

  /// The launcher of the process with an environment and a command line.
  package init(environment: [String: String], commandLine: [String]) {
    self.environment = environment
    self.commandLine = commandLine
  }

  /// The launcher of this process.
  static var current: Launcher {
    var environment: [String: String] = [:]
    for name in countVariables + connectionVariables + [slurmStep] {
      if let value = unsafe getenv(name) { environment[name] = unsafe String(cString: value) }
    }
    return Launcher(environment: environment, commandLine: CommandLine.arguments)
  }

  // The number of processes: by Open MPI's mpirun, MPICH's mpiexec, Slurm; the innermost first.
  private static let countVariables = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS"]
  // One of these is set where the launcher speaks a protocol that an MPI library can answer.
  private static let connectionVariables = ["PMIX_RANK", "PMI_RANK", "PMI_FD", "PMI_PORT"]
  private static let slurmStep = "SLURM_STEP_ID"

  /// Refuses a step of Slurm that offers no way to connect, for which Open MPI would end the
  /// process inside MPI_Init with a text of its own.
  package func checkBeforeStart() throws(StartupError) {
    guard environment[Self.slurmStep] != nil, let (variable, count) = processCount,
      variable == "SLURM_NTASKS", count > 1,
      Self.connectionVariables.allSatisfy({ environment[$0] == nil })
    else { return }
    throw refusal(variable, count)
  }

  /// Refuses a world of one where the launcher started more.
  package func check(worldSize: Int) throws(StartupError) {
    guard worldSize == 1, let (variable, count) = processCount, count > 1 else { return }
    throw refusal(variable, count)
  }

  private var processCount: (variable: String, count: Int)? {
    for variable in Self.countVariables {
      if let count = environment[variable].flatMap({ Int($0) }) { return (variable, count) }
    }
    return nil
  }

  private func refusal(_ variable: String, _ count: Int) -> StartupError {
    let command = commandLine.joined(separator: " ")
    let launcher =
      variable == "SLURM_NTASKS" ? "srun --mpi=pmix -n \(count)" : "mpirun -np \(count)"
    return .singletons(
      expected: count, variable: variable, launchLine: "\(launcher) \(command)")
  }
}
