import Glibc
import MPIKit
import TestSupport
import Testing

/// Each start in a process of its own, where MPI starts as a world of one rank.
@Suite("Start and end", .outsideLauncher)
struct StartTests {
  struct Failure: Error {}

  @Test func run_lendsTheWorldAndFinalises() async {
    await #expect(processExitsWith: .exitCode(42)) {
      let size = try MPI.run { world in
        let isRunning = MPI.isRunning
        let isMain = try MPI.isMainThread
        return isRunning && isMain ? world.size : 0
      }
      exit(size == 1 && !MPI.isRunning ? 42 : 1)
    }
  }

  @Test func run_leavesMPIRunningWhenTheBodyThrows() async {
    await #expect(processExitsWith: .exitCode(42)) {
      do {
        try MPI.run { _ -> Void in throw Failure() }
      } catch is Failure {
        exit(MPI.isRunning ? 42 : 1)
      }
    }
  }

  @Test func abort_endsTheProcessWithItsCode() async {
    await #expect(processExitsWith: .exitCode(43)) {
      try MPI.run { world -> Void in world.abort(code: 43) }
    }
  }

  @Test func abort_exitsWhereMPIDoesNotRun() async {
    await #expect(processExitsWith: .exitCode(44)) { MPI.abort(code: 44) }
  }

  @Test func run_refusesSingletons() async {
    await #expect(processExitsWith: .exitCode(42)) {
      setenv("OMPI_COMM_WORLD_SIZE", "4", 1)
      do {
        try MPI.run { _ -> Void in exit(1) }
      } catch let error as StartupError {
        exit("\(error)".contains("mpirun -np 4 ") && !MPI.isRunning ? 42 : 2)
      }
    }
  }

  @Test func threadLevel_refusesToBeTooLow() throws {
    let levels: [ThreadLevel] = [.single, .funneled, .serialized, .multiple]
    for (provided, level) in levels.enumerated() {
      for (needed, least) in levels.enumerated() where needed <= provided {
        try level.checkProvided(needed: least)
      }
      for least in levels[(provided + 1)...] {
        #expect(throws: StartupError.threadLevelTooLow(needed: least, provided: level)) {
          try level.checkProvided(needed: least)
        }
      }
    }
  }

  @Test func launcher_refusesAWorldOfOneAmongMany() throws {
    let error = #expect(throws: StartupError.self) {
      try launcher(["SLURM_NTASKS": "8"]).check(worldSize: 1)
    }
    #expect(
      error
        == .singletons(
          expected: 8, variable: "SLURM_NTASKS",
          launchLine: "srun --mpi=pmix -n 8 signum train --steps 1"))
    #expect(throws: StartupError.self) { try launcher(["PMI_SIZE": "2"]).check(worldSize: 1) }
    // A job of its own inside an allocation, and a world that is as it should be.
    try launcher(["SLURM_NTASKS": "8", "OMPI_COMM_WORLD_SIZE": "1"]).check(worldSize: 1)
    try launcher(["OMPI_COMM_WORLD_SIZE": "4"]).check(worldSize: 4)
    try launcher(["SLURM_NTASKS": "8"]).check(worldSize: 2)
    try launcher([:]).check(worldSize: 1)
    try launcher(["SLURM_NTASKS": "many"]).check(worldSize: 1)
  }

  @Test func launcher_refusesAStepWithoutAWayToConnect() throws {
    let step = ["SLURM_NTASKS": "4", "SLURM_STEP_ID": "0"]
    #expect(throws: StartupError.self) { try launcher(step).checkBeforeStart() }
    for variable in ["PMIX_RANK", "PMI_RANK", "PMI_FD", "OMPI_COMM_WORLD_SIZE"] {
      try launcher(step.merging([variable: "1"]) { $1 }).checkBeforeStart()
    }
    try launcher(["SLURM_NTASKS": "1", "SLURM_STEP_ID": "0"]).checkBeforeStart()
    try launcher(["SLURM_NTASKS": "4"]).checkBeforeStart()
  }

  private func launcher(_ environment: [String: String]) -> Launcher {
    Launcher(environment: environment, commandLine: ["signum", "train", "--steps", "1"])
  }
}
