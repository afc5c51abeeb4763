import ArgumentParser
import Reproduction

/// `signum reproduce`.
struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the claims of the theory and say which hold.",
    discussion: """
      Each claim is an experiment on functions in closed form: what is claimed, what was run, what \
      was expected and what was measured over several seeds. Alone it takes about two minutes; \
      under mpirun the ranks share the runs, or are the workers where the claim is about a vote. \
      The numbers are the same for any number of ranks. The report is DIR/README.md, with plots \
      by gnuplot and all numbers in results.json. Exits 1 when a claim fails.
      """)

  @Argument(help: "Claims by name or number, such as rates or T4. (default: all)")
  var names: [String] = []

  @Option(
    name: .customLong("out"), help: ArgumentHelp("Folder of the report.", valueName: "dir"),
    completion: .directory)
  var folder: String = ReproductionProgram.standardFolder

  @Flag(help: "Print the names and the claims, run nothing.")
  var list = false

  func validate() throws {
    do {
      try ReproductionProgram.check(names)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() throws {
    if list {
      for line in ReproductionProgram.listing { print(line) }
      return
    }
    let status = ReproductionProgram.run(names, folder: folder)
    if status != 0 { throw ExitCode(status) }
  }
}
