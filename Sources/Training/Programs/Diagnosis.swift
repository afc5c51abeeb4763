import Datasets
import Foundation
import MPIKit
import Networks

/// `signum doctor`: what a run would find on this machine.
public enum Diagnosis {
  /// One fact, and what to do where it stands in the way of a run.
  struct Finding {
    let name: String
    let value: String
    var remedy: String?

    var line: String {
      let start = (remedy == nil ? "ok       " : "missing  ") + name
      let columns = max(28 - start.count, 1)
      return start + String(repeating: " ", count: columns) + value
        + (remedy.map { "\n         run: " + $0 } ?? "")
    }
  }

  /// Looks at everything, prints it on rank 0.
  ///
  /// - Returns: 0 when nothing is missing, 1 otherwise.
  public static func run() -> Int32 {
    RankProgram.run { world in
      let nodes = try NodeMap(world)
      guard world.rank == 0 else { return 0 }
      let findings = try mpi(world, nodes) + machine(nodes) + software()
      for finding in findings { Console.print(finding.line) }
      // Only rank 0 answers for what is missing; a launcher reports the worst exit code.
      return findings.allSatisfy { $0.remedy == nil } ? 0 : 1
    }
  }

  private static func mpi(_ world: borrowing Communicator, _ nodes: NodeMap) throws -> [Finding] {
    let hosts = zip(nodes.hosts, nodes.ranksPerNode).map { "\($0) x \($1)" }
    let library = try MPI.libraryVersion.split(separator: "\n").first.map(String.init) ?? "unknown"
    return [
      Finding(name: "MPI library", value: library),
      Finding(name: "MPI standard", value: try MPI.standardVersion),
      Finding(name: "thread level", value: "\(try MPI.threadLevel)"),
      Finding(name: "ranks", value: "\(world.size) on \(hosts.joined(separator: ", "))"),
      Finding(name: "slots", value: slots),
      launcher(),
      Finding(
        name: "interface",
        value: ProcessInfo.processInfo.environment["OMPI_MCA_btl_tcp_if_include"]
          ?? "chosen by MPI (OMPI_MCA_btl_tcp_if_include names one)"),
    ]
  }

  /// How many ranks the launcher would start, as it tells them.
  private static var slots: String {
    let environment = ProcessInfo.processInfo.environment
    for name in ["OMPI_UNIVERSE_SIZE", "SLURM_NTASKS", "PMI_UNIVERSE_SIZE"] {
      if let count = environment[name] { return "\(count) (\(name))" }
    }
    return "\(Machine.cores), the cores of this node; more ranks need mpirun --oversubscribe"
  }

  /// The launcher on the path, which has to belong to the library.
  private static func launcher() -> Finding {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let places = path.split(separator: ":").map { "\($0)/mpirun" }
    guard let found = places.first(where: FileManager.default.isExecutableFile) else {
      return Finding(
        name: "mpirun", value: "not on the path", remedy: "sudo apt-get install openmpi-bin")
    }
    let real = URL(fileURLWithPath: found).resolvingSymlinksInPath().path
    let library = (try? MPI.libraryVersion) ?? ""
    let matches =
      !library.contains("Open MPI") || real.contains("orte") || real.contains("prte")
      || real.contains("openmpi") || real.contains("mpirun.openmpi")
    return Finding(
      name: "mpirun", value: "\(found) (\(real))",
      remedy: matches
        ? nil : "put the launcher of \(library.split(separator: ",")[0]) first on the path")
  }

  private static func machine(_ nodes: NodeMap) -> [Finding] {
    let gibibytes = Double(ProcessInfo.processInfo.physicalMemory) / 0x1p30
    return [
      Finding(name: "processor", value: Machine.processor),
      Finding(
        name: "cores",
        value: "\(Machine.cores), this rank may use \(Machine.allowedCores); "
          + "\(nodes.threadsPerRank) threads a rank by default"),
      Finding(name: "memory", value: fixed(gibibytes, 1) + " GiB"),
    ]
  }

  private static func software() -> [Finding] {
    let folder = DataSource.fashionMNISTFolder
    let hasData = FileManager.default.fileExists(atPath: folder)
    return [
      Finding(name: "oneDNN", value: "\(OneDNN.version), \(OneDNN.instructionSet)"),
      Finding(
        name: "Fashion-MNIST", value: hasData ? folder : "not found",
        remedy: hasData ? nil : "sudo apt-get install dataset-fashion-mnist"),
      Finding(name: "Swift", value: swiftVersion),
      Finding(name: "commit", value: Machine.commit ?? "not in a checkout"),
    ]
  }

  /// The oldest compiler that the build is known to come from.
  private static var swiftVersion: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }
}
