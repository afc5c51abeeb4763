import ArgumentParser

/// The root command.
struct Signum: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "signum",
    abstract: "Trains models on an MPI cluster with one bit per parameter on the wire.",
    discussion: """
      Each rank computes a stochastic gradient, updates its own momentum and votes with its signs; \
      the majority moves the parameters, alike on every rank.

        mpirun -np 4 signum train --data fashion-mnist --log runs/np4.jsonl
      """,
    version: "0.1.0",
    subcommands: [
      Train.self, Evaluate.self, Generate.self, Compare.self, Predict.self, Export.self,
      Reproduce.self, Bench.self, Doctor.self,
    ])
}
