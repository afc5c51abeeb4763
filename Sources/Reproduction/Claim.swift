/// A claim of the theory as an experiment that can be run.
struct Claim: Sendable {
  /// The name on the command line.
  let name: String
  /// The number of the claim in the notes on the paper: 4 for T4.
  let number: Int
  /// What is claimed, in a sentence or two.
  let statement: String
  /// Where in the notes on the paper it is stated or derived.
  let place: String
  /// What is run to see it.
  let method: String
  /// Runs it on all ranks of a laboratory; collective, and the same result on every rank.
  let run: @Sendable (Laboratory) throws -> Finding

  /// The number as users read it.
  var label: String { "T\(number)" }
}

extension Claim {
  /// Every claim, in the order of the notes.
  static let all: [Claim] = [
    skewedNoise, nonsmooth, leastSquares, rates, smallBatches, heterogeneity, biasedVotes,
    votingWorkers, symmetricNoise, extrapolation, sparseNoise,
    stochasticSign, invariances, adversaries, ties, flips,
  ]

  /// The claims of the given names or numbers, in the order of the notes; all for no name.
  ///
  /// - Throws: `UnknownClaim` for the first name that no claim has.
  static func named(_ names: [String]) throws(UnknownClaim) -> [Claim] {
    for name in names where !all.contains(where: { $0.answers(to: name) }) {
      throw UnknownClaim(name: name)
    }
    return all.filter { claim in names.isEmpty || names.contains { claim.answers(to: $0) } }
  }

  private func answers(to name: String) -> Bool {
    [self.name, label.lowercased()].contains(name.lowercased())
  }
}

/// A name that no claim has.
struct UnknownClaim: Error, CustomStringConvertible {
  let name: String

  /// One line, with the names that there are.
  var description: String {
    "there is no claim '\(name)'; expected "
      + Claim.all.map { "\($0.name) (\($0.label))" }.joined(separator: ", ")
  }
}
